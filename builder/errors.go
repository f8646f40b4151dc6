package builder

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// InputError is a mistake of the one who asks: nothing was done.
type InputError struct {
	// Option is what is wrong, by the name that it was set with.
	Option string
	Value  string
	Reason string
}

func (e *InputError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s %s", e.Option, e.Reason)
	}
	return fmt.Sprintf("%s %q %s", e.Option, e.Value, e.Reason)
}

// Reason is what an error says, without the path of a file: for messages that name the file already.
func Reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// RecipeError is a mistake in a recipe.
type RecipeError struct {
	Recipe string
	// Where is the part of the recipe, such as "phase sync".
	Where string
	Err   error
}

func (e *RecipeError) Error() string {
	return fmt.Sprintf("recipe %s: %s: %v", e.Recipe, e.Where, e.Err)
}
func (e *RecipeError) Unwrap() error { return e.Err }

// EngineError is a failure of the engine, as opposed to one of a step that it ran.
type EngineError struct {
	// Doing is what was asked of the engine, such as "start the container of step sync".
	Doing string
	Err   error
}

func (e *EngineError) Error() string { return fmt.Sprintf("cannot %s: %v", e.Doing, e.Err) }
func (e *EngineError) Unwrap() error { return e.Err }

// StepError is a step that ran and failed.
type StepError struct {
	Workspace string
	Step      string
	Result    Result
	// Last are the last lines that the step printed.
	Last []string
	// Defect is what is known to be wrong with what the step builds.
	Defect string
}

func (e *StepError) Error() string {
	switch {
	case e.Result.OOMKilled:
		return fmt.Sprintf("step %s was killed because the engine's host ran out of memory (exit code %d)",
			e.Step, e.Result.ExitCode)
	case e.Result.ExitCode == exitFull:
		return fmt.Sprintf("step %s failed because the engine's disk is full, or has too little room for it (exit code %d)",
			e.Step, exitFull)
	case e.Result.ExitCode == exitLate:
		return fmt.Sprintf("step %s was ended at its time limit (exit code %d)", e.Step, exitLate)
	case e.Result.ExitCode == exitStopped:
		return fmt.Sprintf("step %s was stopped, by somebody or because the engine was restarted (exit code %d)", e.Step, exitStopped)
	case e.Result.ExitCode == exitKilled:
		return fmt.Sprintf("step %s was killed, by somebody or because the engine was restarted (exit code %d)", e.Step, exitKilled)
	}
	text := fmt.Sprintf("step %s failed with exit code %d", e.Step, e.Result.ExitCode)
	if e.Defect != "" {
		text += "; it is known that " + e.Defect
	}
	return text
}

// mayPass tells whether the step may succeed when it is just begun again.
func (e *StepError) mayPass() bool {
	code := e.Result.ExitCode
	return !e.Result.OOMKilled && code != exitAbsent && code != exitFull && code != exitLate && code != exitMoved && !e.Result.Stopped()
}

// BusyError is a workspace in which somebody else's step runs.
type BusyError struct {
	Workspace string
	Run       Run
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("workspace %s is busy: %s runs step %s of another plan since %s", e.Workspace, e.Run.Client,
		e.Run.Step, e.Run.Started.Local().Format(time.DateTime))
}

// StoppedError is a build that ended because it was asked to.
type StoppedError struct {
	// Step is the step that was stopped; empty when none ran.
	Step string
}

func (e *StoppedError) Error() string {
	if e.Step == "" {
		return "stopped"
	}
	return "stopped step " + e.Step
}

// ErrNoImage is what Engine.Ask says when the plan's builder image is not there.
var ErrNoImage = errors.New("the builder image has not been made yet")

// ErrNoWorkspace is what Engine.Look says of a workspace that does not exist.
var ErrNoWorkspace = errors.New("there is no such workspace")

// ErrUnreadable is what there is to say of an artefact that cannot be what it should be.
var ErrUnreadable = errors.New("it cannot be read")

// ErrNoArtifacts is what there is to say where a build has not come to its results.
var ErrNoArtifacts = errors.New("there are no artefacts yet: build them first")
