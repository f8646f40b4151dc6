package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

// selectFlags pick steps of a plan.
type selectFlags struct {
	From  string `placeholder:"PHASE" help:"Begin with this phase; those before it are taken as they are."`
	Until string `placeholder:"PHASE" help:"End with this phase."`
	Only  string `placeholder:"PHASE" help:"Run this phase alone."`
	Force bool   `env:"-" help:"Run also what is up to date."`
}

func (f selectFlags) selection() builder.Selection {
	return builder.Selection{From: f.From, Until: f.Until, Only: f.Only, Force: f.Force}
}

type buildCommand struct {
	configFlags `embed:""`
	selectFlags `embed:""`
	Output      string `short:"o" type:"path" placeholder:"DIR" help:"Fetch the results to this directory in the end."`
	Progress    string `enum:"auto,tty,plain,json" default:"auto" help:"How to show what happens: auto, tty, plain or json."`
}

func (c *buildCommand) Help() string {
	return `Runs the recipe's phases in order, each in a container of its own, over the workspace's volume. What is up to date is
not run again. A step that somebody runs already is followed. Ctrl-C asks the step that runs to end, a second one kills
it; a client that is killed or loses its connection leaves it running, and the same command follows it.

Exit codes: 0 done, 1 a step failed, 2 a mistake in what was asked for, 3 the engine, 130 stopped.`
}

func (c *buildCommand) Run(ctx context.Context, flags *engineFlags) error {
	q, err := c.request()
	if err == nil {
		err = q.plan.CheckSelection(c.selection())
	}
	if err != nil {
		return err
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	display := progress.New(c.Progress, os.Stdout)
	err = builder.Build(ctx, engine, q.plan, builder.Options{
		Selection: c.selection(),
		Secrets:   q.secrets,
		Open:      q.files.Open,
		Events:    display.Show,
		Interrupt: interrupts(),
		Client:    client(),
	})
	display.Close()
	if err != nil {
		return withAdvice(err, q.plan.Workspace)
	}
	if c.Output == "" {
		return nil
	}
	return fetch(ctx, engine, q.plan, c.Output, c.Progress == "json")
}

// withAdvice adds to what ended a build how to go on from there.
func withAdvice(err error, workspace string) error {
	again := "Go on from there with: " + commandLine()
	var step *builder.StepError
	var stopped *builder.StoppedError
	var engine *builder.EngineError
	switch {
	case errors.As(err, &step):
		return &resumeError{err, fmt.Sprintf("Its whole output: coreos-builder logs --workspace %s %s\n%s", workspace, step.Step, again)}
	case errors.As(err, &stopped), errors.As(err, &engine):
		return &resumeError{err, again}
	}
	return err
}

// commandLine is the command that this program was called with, for people to copy. Forcing again would undo what is
// done.
func commandLine() string {
	words := []string{"coreos-builder"}
	for _, word := range os.Args[1:] {
		if word != "--force" {
			words = append(words, docker.Quote(word))
		}
	}
	return strings.Join(words, " ")
}

// fetch takes a plan's artefacts to a directory, and says so on the standard output, or on the other one when that is
// for programs.
func fetch(ctx context.Context, engine *docker.Engine, plan builder.Plan, directory string, quiet bool) error {
	out := os.Stdout
	if quiet {
		out = os.Stderr
	}
	err := artifact.Get(ctx, engine, plan, directory, func(f artifact.File) {
		fmt.Fprintf(out, "%s  %s (%s)\n", f.SHA256[:12], f.Name, size(f.Size))
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The results are in %s; their checksums are in %s.\n", directory, artifact.Sums)
	return nil
}

// size is a size for people, in binary units.
func size(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
