package main

import (
	"context"
	"fmt"
)

type stopCommand struct {
	configFlags `embed:""`
	Kill        bool `env:"-" help:"Kill it, rather than ask it to end."`
}

func (c *stopCommand) Help() string {
	return `Ends the step that runs in the workspace, whoever started it, and waits until it has ended. What was built before it
stays; a build goes on from there.`
}

func (c *stopCommand) Run(ctx context.Context, flags *engineFlags) error {
	engine, workspace, runs, err := c.running(ctx, flags)
	if err != nil {
		return err
	}
	defer engine.Close()
	if len(runs) == 0 {
		fmt.Printf("No step runs in workspace %s.\n", workspace)
		return nil
	}
	if err := engine.Stop(ctx, workspace, c.Kill); err != nil {
		return err
	}
	if err := engine.Await(ctx, workspace); err != nil {
		return err
	}
	for _, run := range runs {
		fmt.Printf("Stopped step %s.\n", run.Step)
	}
	return nil
}
