package builder

import "time"

// Kind is what an event tells.
type Kind string

// The kinds of events, in the order in which a build gives them.
const (
	// Noted: Text is what a user is to know of the build.
	Noted Kind = "noted"
	// Preparing: Text is a line that came while the builder image was made.
	Preparing Kind = "preparing"
	// Skipped: Step is not run; Text says why not.
	Skipped Kind = "skipped"
	// Started: Step runs; Text says why.
	Started Kind = "started"
	// Printed: Step printed Text, at Time.
	Printed Kind = "printed"
	// Stopping: Step was asked to end.
	Stopping Kind = "stopping"
	// Finished: Step ended as Result says.
	Finished Kind = "finished"
)

// Event is something that happened in a build. All that a display shows comes from these.
type Event struct {
	Kind Kind      `json:"kind"`
	Time time.Time `json:"time"`
	Step string    `json:"step,omitempty"`
	Text string    `json:"text,omitempty"`
	// Result is that of a Finished step.
	Result *Result `json:"result,omitempty"`
}
