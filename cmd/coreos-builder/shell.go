package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
)

type shellCommand struct {
	configFlags `embed:""`
	SDK         bool     `name:"sdk" env:"-" help:"Enter the SDK chroot. What fails in there ends with exit code 1, whatever its own was."`
	Command     []string `arg:"" optional:"" passthrough:"" help:"The command to run, after --; without one, a shell."`
}

func (c *shellCommand) Run(ctx context.Context, flags *engineFlags) error {
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	q, _, err := c.recall(ctx, engine)
	if err != nil {
		return err
	}
	argv, err := c.argv(q.plan)
	if err != nil {
		return err
	}
	if err := preparing(func(progress func(string)) error { return engine.Prepare(ctx, q.plan, progress) }); err != nil {
		return err
	}
	terminal, restore, err := openTerminal()
	if err != nil {
		return err
	}
	code, err := engine.Shell(ctx, q.plan, argv, client(), terminal)
	restore()
	if err == nil && code != 0 {
		return &exitError{code}
	}
	return err
}

// argv is the command to run, by way of what enters the SDK where it is asked for.
func (c *shellCommand) argv(plan builder.Plan) ([]string, error) {
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if !c.SDK {
		if len(command) == 0 {
			return []string{"bash"}, nil
		}
		return command, nil
	}
	sdk, ok := plan.Enter["sdk"]
	if !ok {
		return nil, &builder.InputError{Option: "sdk", Reason: fmt.Sprintf("cannot be entered: recipe %s has none", plan.Recipe)}
	}
	argv, err := sdk.Command(command)
	if err != nil {
		return nil, &builder.InputError{Option: "the command", Reason: err.Error()}
	}
	return argv, nil
}

// openTerminal is the terminal of this program, in raw mode where it is one; restore puts it back.
func openTerminal() (terminal docker.Terminal, restore func(), err error) {
	terminal = docker.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return terminal, func() {}, nil
	}
	state, err := term.SetRawTerminal(os.Stdin.Fd())
	if err != nil {
		return terminal, nil, err
	}
	size := windowSize()
	terminal.Size = &size
	resized := make(chan docker.Size)
	terminal.Resized = resized
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	go func() {
		for range signals {
			resized <- windowSize()
		}
	}()
	return terminal, func() { _ = term.RestoreTerminal(os.Stdin.Fd(), state) }, nil
}

func windowSize() docker.Size {
	size, err := term.GetWinsize(os.Stdout.Fd())
	if err != nil {
		return docker.Size{Width: 80, Height: 24}
	}
	return docker.Size{Width: uint(size.Width), Height: uint(size.Height)}
}
