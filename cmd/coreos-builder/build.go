package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
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
	fetchFlags  `embed:""`
	lockFlags   `embed:""`
	Progress    string `enum:"auto,tty,plain,json" default:"auto" help:"How to show what happens: auto, tty, plain or json."`
	LogDir      string `type:"path" placeholder:"DIR" help:"Write what each step prints to a file in this directory, with times."`
	Wait        bool   `help:"Wait where another plan's step runs in the workspace."`
	Detach      bool   `short:"d" env:"-" help:"Go on in the background, when the first step has begun."`
	Retries     int    `default:"2" help:"How often a phase that fetches things is begun again when it fails."`
	Parallel    int    `default:"0" placeholder:"N" help:"How many formats are converted side by side. Default: as many as the engine's cores and memory allow."`
}

func (c *buildCommand) Help() string {
	return `Runs the recipe's phases in order, each in a container of its own, over the workspace's volume. What is up to date is
not run again. A step that somebody runs already is followed. Ctrl-C asks the step that runs to end, a second one kills
it; a client that is killed, or whose terminal is closed, leaves it running, and the same command follows it.

Exit codes: 0 done, 1 a step failed, 2 a mistake in what was asked for, 3 the engine, 130 stopped by Ctrl-C, 143 by SIGTERM.`
}

func (c *buildCommand) Run(ctx context.Context, flags *engineFlags) error {
	q, l, err := c.lockFlags.request(&c.configFlags)
	if err == nil {
		err = q.plan.CheckSelection(c.selection())
	}
	if err != nil {
		return err
	}
	beside, err := c.fetchFlags.options()
	if err != nil {
		return err
	}
	if err := c.checkPlaces(); err != nil {
		return err
	}
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := q.checkRecipe(ctx, engine); err != nil {
		return err
	}
	if err := l.settle(ctx, engine, &q, c.selection()); err != nil {
		return err
	}
	if c.Detach && os.Getenv(detached) == "" {
		return c.detach(ctx, engine, q)
	}
	if err := c.run(ctx, engine, q, l); err != nil {
		return err
	}
	return c.deliver(ctx, engine, q, l, beside)
}

// deliver writes what is to be had of what was built: the lock file, and the results.
func (c *buildCommand) deliver(ctx context.Context, engine *docker.Engine, q request, l locked, beside provenance.Options) error {
	if c.Output == "" && c.Lock == "" && !c.Locked {
		return nil
	}
	if c.Output != "" { // where the lock file may go too
		if err := os.MkdirAll(c.Output, 0o777); err != nil {
			return err
		}
	}
	w, err := engine.Look(ctx, q.plan.Workspace)
	if err != nil {
		return err
	}
	made, err := l.finish(ctx, engine, q, w)
	if err != nil || c.Output == "" {
		return err
	}
	if made != nil {
		beside.Lock = made.Encode()
	}
	if err := c.fetch(ctx, engine, q, w, beside, c.Output, c.Progress == "json"); err != nil {
		return &resumeError{err, "Everything is built. To fetch it: coreos-builder artifacts get --workspace " + docker.Quote(q.plan.Workspace) + " DIR"}
	}
	return nil
}

// checkPlaces refuses what results, or a lock file, could not be written to when all is built.
func (c *buildCommand) checkPlaces() error {
	if directory := filepath.Dir(c.Lock); c.Lock != "" && directory != filepath.Clean(c.Output) {
		if err := checkPlace("lock", directory, directory); err != nil {
			return err
		}
	}
	if c.Output == "" {
		return nil
	}
	there := c.Output // or what it is made in
	for isMissing(there) && filepath.Dir(there) != there {
		there = filepath.Dir(there)
	}
	if err := checkPlace("output", c.Output, there); err != nil || there != c.Output {
		return err
	}
	return checkDirectory(c.Output)
}

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// checkPlace refuses an option's value where what has to be a directory for it is none.
func checkPlace(option, value, directory string) error {
	status, err := os.Stat(directory)
	if err == nil && !status.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return &builder.InputError{Option: option, Value: value, Reason: "cannot be written to: " + builder.Reason(err)}
	}
	return nil
}

// run runs the steps of a request that have to.
func (c *buildCommand) run(ctx context.Context, engine *docker.Engine, q request, l locked) error {
	var err error
	display := progress.New(c.Progress, os.Stdout)
	if c.LogDir != "" {
		if display, err = progress.Keep(display, c.LogDir); err != nil {
			return &builder.InputError{Option: "log-dir", Value: c.LogDir, Reason: "cannot be written to: " + builder.Reason(err)}
		}
	}
	err = l.checkImage(ctx, engine, q, func(line string) { display.Show(prepared(line)) })
	if err != nil {
		display.Close()
		return err
	}
	signals := listen()
	defer signals.end()
	err = builder.Build(ctx, engine, q.plan, builder.Options{
		Selection:   c.selection(),
		Secrets:     q.secrets,
		Open:        q.files.Open,
		Events:      display.Show,
		Interrupt:   signals.requests,
		Client:      client(),
		KeepSources: q.keepSources,
		Offline:     q.offline,
		Room:        c.room(engine),
		Wait:        c.Wait,
		Retries:     c.Retries,
		Pause:       retryPause,
	})
	display.Close()
	if err != nil {
		return signals.name(withAdvice(err, q.plan.Workspace))
	}
	return nil
}

// room is what steps that run side by side have: what the engine has, or what the user says.
func (c *buildCommand) room(engine *docker.Engine) func(context.Context) (cores, memory int) {
	if c.Parallel > 0 {
		return func(context.Context) (cores, memory int) { return c.Parallel, math.MaxInt }
	}
	return engine.Room
}

// retryPause is before the first retry; it doubles with each.
const retryPause = 5 * time.Second

// withAdvice adds to what ended a build how to go on from there.
func withAdvice(err error, workspace string) error {
	again := "Go on from there with: " + commandLine()
	var step *builder.StepError
	var stopped *builder.StoppedError
	var engine *builder.EngineError
	switch {
	case errors.As(err, &step):
		return &resumeError{err, fmt.Sprintf("Its whole output: coreos-builder logs --workspace %s %s\n%s", workspace, step.Step, again)}
	case errors.As(err, &stopped):
		return &resumeError{err, again}
	case errors.As(err, &engine):
		return &resumeError{err, "A step that was running goes on by itself: coreos-builder attach --workspace " + workspace + "\n" + again}
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
