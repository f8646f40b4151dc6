package builder

import (
	"context"
	"io"
	"time"
)

// Engine runs the steps of plans in containers. internal/enginetest has the tests that every engine must pass.
//
// An engine keeps a volume a workspace, and at most one step of a workspace runs at any moment, or some parallel ones of
// the same phase, whoever asks and from wherever: the running container is the lock. A step that was started goes on whatever becomes of the client. Its
// container stays, with everything it printed, until the step runs again or the workspace is removed.
//
// When a context ends, a call returns soon and the step goes on. Failures of the engine itself are *EngineError.
type Engine interface {
	// Prepare makes sure that the plan's builder image and its workspace are there. It does only what is missing, and
	// makes no workspace before it has the image. What it prints meanwhile goes to output, line by line.
	Prepare(ctx context.Context, plan Plan, output func(line string)) error

	// Look tells what is known of a workspace; ErrNoWorkspace of one that is not there.
	Look(ctx context.Context, workspace string) (Workspace, error)

	// Run runs a step to its end and returns how it went; a command that fails is no error. Where the same step of
	// the same digest runs already, it is followed instead; where another step of the workspace runs, nothing is done
	// and the error is a *BusyError. All that the step printed since it began has been given to output, in order,
	// when Run returns without an error.
	//
	// The step removes its own stamp before it does anything, lays a new one when all its commands have succeeded,
	// and does nothing at all when it, or a step that it needs, was run again since Order.Replaces and Order.After were
	// read.
	Run(ctx context.Context, plan Plan, step Step, order Order, output Output) (Result, error)

	// Ask runs one command in the builder image, with the workspace's files before it but not to be changed, and
	// returns what it printed. A command that fails is an error.
	Ask(ctx context.Context, plan Plan, argv []string) ([]byte, error)

	// Stop ends the steps that run in a workspace, if any: their processes are asked to end or, with kill, made to.
	// It does not wait for them.
	Stop(ctx context.Context, workspace string, kill bool) error

	// Await waits until no step runs in a workspace.
	Await(ctx context.Context, workspace string) error

	// Remove removes a workspace with all that is in it and every container of it, the running ones too. It is no
	// error when there is nothing to remove.
	Remove(ctx context.Context, workspace string) error
}

// Output receives what a step prints: a line with its end, or a part of one that is very long; and when it came.
type Output func(at time.Time, text []byte)

// NoRun is what Order.Replaces says of a step without a stamp.
const NoRun = "none"

// Order is what a run of a step depends on besides the plan.
type Order struct {
	// Run is what the stamp calls this run, which nobody else's is called; empty is for the engine to choose.
	Run string
	// After is the run of each needed step that this one is to build on; of those not named, any will do.
	After map[string]string
	// Replaces is the run of the step itself that the workspace had a stamp of when it was judged, or NoRun; empty is
	// whatever there is. Where that is not so any more, somebody else has run the step, and this run does nothing.
	Replaces string
	// Stdin is what the step reads.
	Stdin []byte
	// Verifier goes into the stamp. It recognises the secret in Stdin.
	Verifier string
	// Open opens a file that the user brings.
	Open func(option string, file File) (io.ReadCloser, error)
	// Client is who asks, as user@host.
	Client string
	// Offline keeps the step from every network.
	Offline bool
	// Disk is what the engine's disk has to have free, in MiB, for the step to begin.
	Disk int
	// Interrupts tells how often the build was asked to end: a step that was not running yet when it was ends as soon as it can,
	// or is killed where that is more than once. It may be nil.
	Interrupts func() int
	// Notice is told what the client is to know meanwhile, such as that the connection was lost. It may be nil.
	Notice func(text string)
}
