package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a build depends on besides its plan.
type Options struct {
	Selection
	// Secrets are the values of secret options.
	Secrets map[string][]byte
	// Open opens a file that the user brings.
	Open func(option string, file File) (io.ReadCloser, error)
	// Events receives what happens. It is called by one goroutine at a time.
	Events func(Event)
	// Interrupt asks the build to stop. The first time, the step that runs is asked to end; the second, it is killed.
	Interrupt <-chan struct{}
	// Client is who builds, as user@host.
	Client string
	// Room tells how many cores the engine has, and how much memory in MiB: as many steps that do not disturb each other run
	// side by side. Nil is one at a time.
	Room func(context.Context) (cores, memory int)
	// KeepSources takes sources that float as the workspace has them, and does not ask where they are now.
	KeepSources bool
	// Offline builds with what is there already. Where that is not enough, nothing is done.
	Offline bool
	// Wait waits where another plan's step runs in the workspace, rather than give up.
	Wait bool
	// Retries are how often a step that fetches things is begun again when it fails, after Pause, twice that, and so on.
	Retries int
	Pause   time.Duration
}

// lastLines is how many of a failed step's lines its error carries.
const lastLines = 20

// Build runs the steps of a plan that are picked and not up to date, in order, and stops at the first that fails.
// A step that fails is a *StepError, a build that was interrupted a *StoppedError, a workspace in which another plan
// runs a *BusyError. When the context ends, the step that runs goes on by itself.
func Build(ctx context.Context, engine Engine, plan Plan, options Options) error {
	b := &build{engine: engine, plan: plan, Options: options, ran: map[string]bool{}}
	if b.Events = serial(b.Events); b.Events == nil {
		b.Events = func(Event) {}
	}
	for _, note := range plan.Notes {
		b.emit(Noted, "", note)
	}
	if err := b.interruptible(ctx, b.begin); err != nil {
		return err
	}
	for i := 0; i < len(plan.Steps); {
		next := b.sideBySide(i)
		err := b.steps(ctx, i, next)
		if err == nil && b.unsure.Swap(false) {
			err = b.interruptible(ctx, b.lookAgain(plan.Steps[i:next]...))
		}
		if err != nil && !errors.Is(err, errUndone) {
			return err
		}
		if i = b.firstUndone(next, ""); i < next {
			if b.overtaken++; b.overtaken > maxOvertaken {
				return fmt.Errorf("step %s was run again by others %d times while this build went on: let one of you build at a time",
					plan.Steps[i].Name, maxOvertaken)
			}
		}
	}
	return nil
}

func skipped(v Verdict) string {
	if v.State == UpToDate {
		return string(UpToDate)
	}
	return "left out, though " + v.Reason
}

type build struct {
	engine Engine
	plan   Plan
	Options
	// mutex guards what is known, for steps that run side by side.
	mutex     sync.Mutex
	workspace Workspace
	latest    map[string][]Revision
	verdicts  []Verdict
	// unsure tells that what others did is not all known.
	unsure atomic.Bool
	// ran are the steps that this build has run, or followed.
	ran map[string]bool
	// overtaken is how often others ran again what this build had done.
	overtaken int
	// interrupts is how often the build was asked to stop.
	interrupts atomic.Int32
}

// verdict is what is known of a step.
func (b *build) verdict(i int) Verdict {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.verdicts[i]
}

func (b *build) emit(kind Kind, step, text string) {
	b.Events(Event{Kind: kind, Time: time.Now(), Step: step, Text: text})
}

// begin judges every step, then makes what those that run need. What cannot be built is refused before anything is
// made, and where every step is up to date nothing is.
func (b *build) begin(ctx context.Context) error {
	var err error
	b.workspace, err = b.engine.Look(ctx, b.plan.Workspace)
	nothing := errors.Is(err, ErrNoWorkspace)
	if err != nil && !nothing {
		return err
	}
	if nothing {
		b.workspace.Stamps = map[string]Stamp{}
	}
	if err := b.judge(); err != nil {
		return err
	}
	if b.Offline {
		if err := b.checkOffline(ctx, nothing); err != nil {
			return err
		}
	} else if steps := floating(b.plan, b.verdicts); len(steps) > 0 && !b.KeepSources {
		if err := b.prepare(ctx); err != nil {
			return err
		}
		if b.latest, err = latest(ctx, b.engine, b.plan, steps); err != nil {
			return err
		}
		if err := b.judge(); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(b.verdicts, func(v Verdict) bool { return v.Runs }) {
		return b.prepare(ctx)
	}
	return nil
}

func (b *build) prepare(ctx context.Context) error {
	return b.engine.Prepare(ctx, b.plan, func(line string) { b.emit(Preparing, "", line) })
}

func (b *build) judge() (err error) {
	b.verdicts, err = Judge(b.plan, b.workspace, Known{Selection: b.Selection, Secrets: b.Secrets, Latest: b.latest, Done: b.ran})
	return err
}

// lookAgain judges every step anew after some have run.
func (b *build) lookAgain(ran ...Step) func(context.Context) error {
	return func(ctx context.Context) error {
		w, err := b.engine.Look(ctx, b.plan.Workspace)
		if err != nil {
			return err
		}
		b.mutex.Lock()
		defer b.mutex.Unlock()
		for _, step := range ran {
			delete(b.latest, step.Name)
		}
		b.workspace = w
		return b.judge()
	}
}

func (b *build) run(ctx context.Context, i int) error {
	step, order := b.plan.Steps[i], b.order(i)
	var tail tail
	end := meanwhile(func(done <-chan struct{}) { b.stopOnInterrupt(ctx, step, done) })
	result, err := b.engine.Run(ctx, b.plan, step, order, func(at time.Time, text []byte) {
		tail.add(text)
		b.Events(Event{Kind: Printed, Time: at, Step: step.Name, Text: string(text)})
	})
	end()
	if err != nil {
		return err
	}
	b.Events(Event{Kind: Finished, Time: time.Now(), Step: step.Name, Result: &result})
	if b.stopped() {
		return &StoppedError{Step: step.Name}
	}
	if result.ExitCode != 0 {
		return &StepError{Workspace: b.plan.Workspace, Step: step.Name, Result: result, Last: tail.lines(), Defect: step.Defect}
	}
	return b.done(step, order, result)
}

// done notes what the stamp of a run of this build says, without a look at it. Whether it is still there when another step
// builds on it, that step sees for itself. What the stamp of a run says that was followed is to be looked for.
func (b *build) done(step Step, order Order, result Result) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.ran[step.Name] = true
	if result.Followed {
		b.unsure.Store(true)
		return nil
	}
	b.workspace.Stamps[step.Name] = Stamp{
		Step: step.Name, Definition: step.Encode(), Digest: step.Digest, Run: order.Run, After: order.After,
		Started: result.Started, Finished: result.Finished, Verifier: order.Verifier, Config: b.plan.Config,
	}
	delete(b.workspace.Unfinished, step.Name)
	delete(b.workspace.Runs, step.Name)
	delete(b.latest, step.Name)
	return b.judge()
}
