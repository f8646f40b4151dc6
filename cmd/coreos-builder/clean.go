package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
)

type cleanCommand struct {
	Workspace string `arg:"" optional:"" help:"The workspace to remove."`
	All       bool   `env:"-" help:"Remove every workspace of the engine."`
	Yes       bool   `env:"-" short:"y" help:"Do not ask."`
}

func (c *cleanCommand) Run(ctx context.Context, flags *engineFlags) error {
	if (c.Workspace == "") != c.All {
		return &usageError{fmt.Errorf("name a workspace, or give --all")}
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	names, err := engine.Remains(ctx)
	if err != nil {
		return err
	}
	if !c.All {
		if !slices.Contains(names, c.Workspace) {
			return fmt.Errorf("workspace %s: %w", c.Workspace, builder.ErrNoWorkspace)
		}
		names = []string{c.Workspace}
	}
	if err := c.confirm(names); err != nil {
		return err
	}
	if err := engine.Clean(ctx, names); err != nil {
		return err
	}
	for _, name := range names {
		fmt.Println("Removed workspace", name)
	}
	return nil
}

// confirm asks, unless it was told not to.
func (c *cleanCommand) confirm(names []string) error {
	if c.Yes || len(names) == 0 {
		return nil
	}
	if !term.IsTerminal(os.Stdin.Fd()) {
		return &builder.InputError{Option: "clean", Reason: "would remove " + strings.Join(names, ", ") + ": give --yes where nobody can be asked"}
	}
	fmt.Printf("Remove %s, with all that was built there? [y/N] ", strings.Join(names, ", "))
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if strings.ToLower(strings.TrimSpace(answer)) != "y" {
		return &builder.StoppedError{}
	}
	return nil
}
