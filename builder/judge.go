package builder

import "fmt"

// State is where a step stands in a workspace.
type State string

// The states of a step.
const (
	UpToDate State = "up to date"
	Running  State = "running"
	Failed   State = "failed"
	Stale    State = "stale"
	NeverRun State = "never run"
)

// Verdict says of one step of a plan where it stands, and what a build would do about it.
type Verdict struct {
	Step  string
	State State
	// Runs tells whether a build with the selection runs the step, or follows it when it is running.
	Runs bool
	// Reason is the first reason why the step is not up to date, or is run all the same; of a step that is up to date
	// it is empty.
	Reason string
	// Stamp is what the step's last good run left, if there is one.
	Stamp *Stamp
	// Run is the container of the step's last run, if the engine still has it.
	Run *Run
}

// Known is what Judge may go by besides the plan and the workspace.
type Known struct {
	Selection
	// Secrets are the values of secret options.
	Secrets map[string][]byte
	// Latest are the revisions that a sync would fetch now, by step. Steps whose sources float and that are not named
	// are judged by the rest alone.
	Latest map[string][]Revision
	// Done are the steps that the build has run: they are not forced any more.
	Done map[string]bool
	// Offline tells that nothing can be asked: sources that float are taken to be where they were.
	Offline bool
}

// Judge says of each step of a plan whether it has to run in a workspace, and the first reason why. It is an
// *InputError when the selection does not fit the plan, or leaves out a step that others need and that was never done.
func Judge(plan Plan, w Workspace, known Known) ([]Verdict, error) {
	picked, err := plan.pick(known.Selection)
	if err != nil {
		return nil, err
	}
	judged := map[string]Verdict{}
	var verdicts []Verdict
	for _, step := range plan.Steps {
		v := judge(step, w, known, judged)
		switch {
		case !picked[step.Name]:
			v.Runs = false
		case known.Force && !known.Done[step.Name] && v.State != Running:
			v.Runs, v.Reason = true, "forced"
		default:
			v.Runs = v.State != UpToDate
		}
		judged[step.Name] = v
		verdicts = append(verdicts, v)
	}
	return verdicts, checkNeeds(plan, judged)
}

// checkNeeds refuses to run a step on top of one that is left out and was never done.
func checkNeeds(plan Plan, judged map[string]Verdict) error {
	for _, step := range plan.Steps {
		for _, need := range step.Needs {
			if v := judged[need]; judged[step.Name].Runs && !v.Runs && v.Stamp == nil {
				return &InputError{Option: "step " + step.Name,
					Reason: fmt.Sprintf("needs %s, which is left out and %s: run that first", need, undone(v))}
			}
		}
	}
	return nil
}

func undone(v Verdict) string {
	if v.State == NeverRun {
		return "has never run"
	}
	return "is not done (" + v.Reason + ")"
}

func judge(step Step, w Workspace, known Known, before map[string]Verdict) Verdict {
	v := Verdict{Step: step.Name}
	if run, ok := w.Runs[step.Name]; ok {
		v.Run = &run
	}
	if v.Run != nil && v.Run.State == RunRunning {
		v.State = Running
		if v.Reason = "it is running"; v.Run.Digest != step.Digest {
			v.Reason = "another plan is running it"
		}
		return v
	}
	stamp, done := w.Stamps[step.Name]
	if !done {
		v.State, v.Reason = lastRun(v.Run, w.Unfinished[step.Name])
		return v
	}
	v.Stamp = &stamp
	v.State = Stale
	if v.Reason = changed(step, stamp); v.Reason != "" {
		return v
	}
	if v.Reason = secretChanged(step, stamp, known.Secrets); v.Reason != "" {
		return v
	}
	if v.Reason = moved(stamp.Sources, known.Latest[step.Name]); v.Reason != "" {
		return v
	}
	if v.Reason = overtaken(step, stamp, before); v.Reason != "" {
		return v
	}
	v.State = UpToDate
	return v
}

// lastRun says what became of a step that is not done.
func lastRun(run *Run, unfinished bool) (State, string) {
	switch {
	case run != nil && run.State == RunExited && run.OOMKilled:
		return Failed, "its last run ran out of memory"
	case run != nil && run.State == RunExited && run.ExitCode == exitStopped:
		return Failed, "its last run was stopped, or the engine was restarted"
	case run != nil && run.State == RunExited && run.ExitCode == exitKilled:
		return Failed, "its last run was killed, or the engine was restarted"
	case run != nil && run.State == RunExited && run.ExitCode == exitFull:
		return Failed, "its last run found the engine's disk full"
	case run != nil && run.State == RunExited && run.ExitCode == exitLate:
		return Failed, "its last run was ended at its time limit"
	case run != nil && run.State == RunExited && run.ExitCode != 0:
		return Failed, fmt.Sprintf("its last run failed with exit code %d", run.ExitCode)
	case unfinished:
		return Failed, "its last run did not finish"
	case run != nil && run.State == RunExited:
		return Stale, "what it did is not in the workspace"
	}
	return NeverRun, "it has never run"
}

// overtaken says which needed step runs first, or has run since.
func overtaken(step Step, stamp Stamp, before map[string]Verdict) string {
	for _, need := range step.Needs {
		v := before[need]
		if v.Runs {
			return "an earlier step runs: " + need
		}
		if v.Stamp != nil && v.Stamp.Run != stamp.After[need] {
			return fmt.Sprintf("%s ran since", need)
		}
	}
	return ""
}
