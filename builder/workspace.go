package builder

import "time"

// Workspace is what an engine knows of one: nothing of it is kept anywhere else.
type Workspace struct {
	Name   string
	Recipe string
	// Created is when the workspace was made.
	Created time.Time
	// Stamps are what is done, by step name.
	Stamps map[string]Stamp
	// Unfinished are the steps whose last run did not end well, or has not ended, by name.
	Unfinished map[string]bool
	// Runs are the containers of steps that the engine still has, by step name: the last of each.
	Runs map[string]Run
}

// Last is the configuration of the last run that there was in the workspace, as far as anything is left of it.
func (w Workspace) Last() (Config, bool) {
	var last Config
	var at time.Time
	for _, stamp := range w.Stamps {
		if stamp.Started.After(at) {
			last, at = stamp.Config, stamp.Started
		}
	}
	for _, run := range w.Runs {
		if run.Started.After(at) {
			last, at = run.Config, run.Started
		}
	}
	return last, !at.IsZero()
}

// Stamp says that a step was done. The step itself lays it down in the workspace, as its last act, whole or not at all.
type Stamp struct {
	Step string
	// Definition is what was run, as Definition.Encode gives it; Digest is its digest.
	Definition []byte
	Digest     string
	// Run tells this run of the step from all others.
	Run string
	// After is the run of each needed step that this one built on, by step name.
	After             map[string]string
	Started, Finished time.Time
	// Sources are the revisions that the step fetched.
	Sources []Revision
	// Verifier recognises the secret that the step read, without telling it.
	Verifier string
	// Config is what the plan of this run was made of.
	Config Config
}

// Revision is what one part of the sources is at.
type Revision struct {
	Name, Revision string
}

// RunState is what a run's container does.
type RunState string

// The states of a run.
const (
	RunCreated RunState = "created"
	RunRunning RunState = "running"
	RunExited  RunState = "exited"
)

// Run is the container of a step.
type Run struct {
	// ID is the engine's name for the container.
	ID     string
	Step   string
	Digest string
	// Client is who started it, as user@host.
	Client string
	// Config is what the plan of this run was made of.
	Config Config
	State  RunState
	Result
}

// Exit codes that say why a run ended.
const (
	exitStopped = 128 + 15 // it was asked to: 128 and the number of the signal
	exitKilled  = 128 + 9  // it was made to
	exitFull    = 74       // the engine's disk has no room
	exitLate    = 124      // its time limit came
	exitAbsent  = 65       // what it fetches is not there
	exitMoved   = 75       // what it was planned on is not there any more: it did nothing
)

// Stopped tells whether the run ended because it was told to.
func (r Result) Stopped() bool {
	return r.ExitCode == exitStopped || r.ExitCode == exitKilled && !r.OOMKilled
}

// Killed tells whether the run had no time to clean up.
func (r Result) Killed() bool { return r.ExitCode == exitKilled }

// Result is how a run went.
type Result struct {
	// ExitCode is the code of the first command that failed, or 0.
	ExitCode int
	// OOMKilled tells that the kernel killed a process of it because memory ran out.
	OOMKilled bool
	Started   time.Time
	// Finished is zero while the run goes on.
	Finished time.Time
	// Followed tells that the run was there already, and was followed to its end.
	Followed bool
}
