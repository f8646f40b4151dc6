package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

type logsCommand struct {
	configFlags `embed:""`
	Step        string `arg:"" help:"The step, such as build_packages; of image_to_vm.vmware the first part will do where it is the only one."`
	Follow      bool   `env:"-" short:"f" help:"Go on until the step ends."`
	Timestamps  bool   `env:"-" short:"t" help:"Show when each line came."`
}

func (c *logsCommand) Run(ctx context.Context, flags *engineFlags) error {
	engine, w, err := c.found(ctx, flags)
	if err != nil {
		return err
	}
	defer engine.Close()
	run, err := findRun(w, c.Step)
	if err != nil {
		return err
	}
	log := &progress.Log{Out: os.Stdout, Terminal: term.IsTerminal(os.Stdout.Fd()), Times: c.Timestamps}
	defer log.Close()
	return engine.Logs(ctx, run, c.Follow, log.Print)
}

// findRun is the run of a step, by its name or the one that begins with it.
func findRun(w builder.Workspace, step string) (builder.Run, error) {
	var names []string
	for _, name := range sortedKeys(w.Runs) {
		if name == step {
			return w.Runs[name], nil
		}
		if strings.HasPrefix(name, step+".") {
			names = append(names, name)
		}
	}
	switch len(names) {
	case 1:
		return w.Runs[names[0]], nil
	case 0:
		known := strings.Join(sortedKeys(w.Runs), ", ")
		if known == "" {
			known = "no step"
		}
		return builder.Run{}, &builder.InputError{Option: "step", Value: step,
			Reason: fmt.Sprintf("has no log in workspace %s; the engine has those of %s", w.Name, known)}
	}
	return builder.Run{}, &builder.InputError{Option: "step", Value: step, Reason: "is one of " + strings.Join(names, ", ")}
}
