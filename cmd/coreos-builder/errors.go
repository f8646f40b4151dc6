package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/progress"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

// The exit codes.
const (
	exitStep   = 1   // a step failed, or results are not as they were built
	exitAsker  = 2   // the one who asks made a mistake: nothing was done
	exitEngine = 3   // the engine, or the way to it, failed
	exitStop   = 130 // it was asked to stop, as by Ctrl-C; by another signal, 128 and its number
)

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() + " (see --help)" }
func (e *usageError) Unwrap() error { return e.err }

// exitError ends the program with the exit code of a command that it ran for the user.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// resumeError is an error with the command that goes on from there.
type resumeError struct {
	err    error
	advice string
}

func (e *resumeError) Error() string { return e.err.Error() }
func (e *resumeError) Unwrap() error { return e.err }

// report tells the user about an error, and returns the exit code for it.
func report(err error) int {
	if err == nil {
		return 0
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	var step *builder.StepError
	if errors.As(err, &step) && len(step.Last) > 0 {
		fmt.Fprintf(os.Stderr, "\nThe last lines of step %s:\n", step.Step)
		for _, line := range step.Last {
			fmt.Fprintf(os.Stderr, "  %s\n", progress.Clean(line))
		}
		fmt.Fprintln(os.Stderr)
	}
	var boot *bootError
	if errors.As(err, &boot) && len(boot.last) > 0 {
		fmt.Fprintln(os.Stderr, "\nThe last lines of its console:")
		for _, line := range boot.last {
			fmt.Fprintf(os.Stderr, "  %s\n", progress.Clean(line))
		}
		fmt.Fprintln(os.Stderr)
	}
	fmt.Fprintf(os.Stderr, "coreos-builder: %s\n", progress.Clean(strings.ReplaceAll(err.Error(), "\n", "; ")))
	var resume *resumeError
	if errors.As(err, &resume) {
		fmt.Fprintln(os.Stderr, resume.advice)
	}
	return exitCode(err)
}

// errDiffer is what there is to say of what was to be the same, and is not.
var errDiffer = errors.New("differ")

func exitCode(err error) int {
	var (
		input   *builder.InputError
		recipe  *builder.RecipeError
		file    *strictyaml.Error
		busy    *builder.BusyError
		usage   *usageError
		step    *builder.StepError
		boot    *bootError
		stopped *builder.StoppedError
		signal  *signalError
	)
	switch {
	case errors.As(err, &signal):
		return 128 + int(signal.signal)
	case errors.As(err, &step), errors.As(err, &boot), errors.Is(err, errDiffer), errors.Is(err, builder.ErrUnreadable):
		return exitStep
	case errors.As(err, &stopped):
		return exitStop
	case errors.As(err, &input), errors.As(err, &recipe), errors.As(err, &file), errors.As(err, &busy),
		errors.As(err, &usage), errors.Is(err, builder.ErrNoWorkspace), errors.Is(err, builder.ErrNoArtifacts),
		errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return exitAsker
	}
	return exitEngine
}
