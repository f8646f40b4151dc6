package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

type attachCommand struct {
	configFlags `embed:""`
}

func (c *attachCommand) Help() string {
	return `Shows what the step that runs in the workspace prints, from its first line, until it ends; the exit code is 0 when it
succeeds, and 1 when it fails. Of steps that run side by side, each line says which it is of. Ctrl-C leaves them running.`
}

func (c *attachCommand) Run(ctx context.Context, flags *engineFlags) error {
	engine, workspace, runs, err := c.running(ctx, flags)
	if err != nil {
		return err
	}
	defer engine.Close()
	if len(runs) == 0 {
		return &builder.InputError{Option: "workspace", Value: workspace, Reason: "has no step that runs"}
	}
	for _, run := range runs {
		fmt.Fprintf(os.Stderr, "Step %s, which %s started at %s:\n", run.Step, run.Client, run.Started.Local().Format(time.TimeOnly))
	}
	if len(runs) == 1 {
		log := &progress.Log{Out: os.Stdout, Terminal: term.IsTerminal(os.Stdout.Fd())}
		defer log.Close()
		return followRun(ctx, engine, workspace, runs[0], log.Print)
	}
	return followRuns(ctx, engine, workspace, runs)
}

// followRuns shows what several runs print, as a build would.
func followRuns(ctx context.Context, engine *docker.Engine, workspace string, runs []builder.Run) error {
	var mutex sync.Mutex
	display := progress.New("plain", os.Stdout)
	errs := make([]error, len(runs))
	var all sync.WaitGroup
	for i, run := range runs {
		all.Go(func() {
			errs[i] = followRun(ctx, engine, workspace, run, func(at time.Time, text []byte) {
				mutex.Lock()
				defer mutex.Unlock()
				display.Show(builder.Event{Kind: builder.Printed, Time: at, Step: run.Step, Text: string(text)})
			})
		})
	}
	all.Wait()
	display.Close()
	return cmp.Or(errs...)
}

// followRun gives what a run prints. That it fails is an error.
func followRun(ctx context.Context, engine *docker.Engine, workspace string, run builder.Run, output builder.Output) error {
	result, err := engine.Follow(ctx, run, output)
	if err == nil && result.ExitCode != 0 {
		err = &builder.StepError{Workspace: workspace, Step: run.Step, Result: result}
	}
	return err
}

// running is an engine, the workspace on it that is meant, and what runs in it.
func (f *configFlags) running(ctx context.Context, flags *engineFlags) (*docker.Engine, string, []builder.Run, error) {
	engine, w, err := f.found(ctx, flags)
	if err != nil {
		return nil, "", nil, err
	}
	var runs []builder.Run
	for _, step := range sortedKeys(w.Runs) {
		if w.Runs[step].State == builder.RunRunning {
			runs = append(runs, w.Runs[step])
		}
	}
	return engine, w.Name, runs, nil
}
