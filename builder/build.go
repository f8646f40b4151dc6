package builder

import (
	"context"
	"errors"
	"io"
	"slices"
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
}

// lastLines is how many of a failed step's lines its error carries.
const lastLines = 20

// Build runs the steps of a plan that are picked and not up to date, in order, and stops at the first that fails.
// A step that fails is a *StepError, a build that was interrupted a *StoppedError, a workspace in which another plan
// runs a *BusyError. When the context ends, the step that runs goes on by itself.
func Build(ctx context.Context, engine Engine, plan Plan, options Options) error {
	b := &build{engine: engine, plan: plan, Options: options}
	if b.Events == nil {
		b.Events = func(Event) {}
	}
	for _, note := range plan.Notes {
		b.emit(Noted, "", note)
	}
	if err := b.interruptible(ctx, b.begin); err != nil {
		return err
	}
	for i, step := range plan.Steps {
		if verdict := b.verdicts[i]; !verdict.Runs {
			b.emit(Skipped, step.Name, skipped(verdict))
			continue
		}
		b.emit(Started, step.Name, b.verdicts[i].Reason)
		if err := b.run(ctx, step); err != nil {
			return err
		}
		if err := b.interruptible(ctx, b.lookAgain(step)); err != nil {
			return err
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
	workspace Workspace
	latest    map[string][]Revision
	verdicts  []Verdict
	stopped   atomic.Bool
}

func (b *build) emit(kind Kind, step, text string) {
	b.Events(Event{Kind: kind, Time: time.Now(), Step: step, Text: text})
}

// begin judges every step, then makes what those that run need. What cannot be built is refused before anything is
// made, and where every step is up to date nothing is.
func (b *build) begin(ctx context.Context) error {
	var err error
	b.workspace, err = b.engine.Look(ctx, b.plan.Workspace)
	if err != nil && !errors.Is(err, ErrNoWorkspace) {
		return err
	}
	if err := b.judge(); err != nil {
		return err
	}
	if steps := floating(b.plan, b.verdicts); len(steps) > 0 {
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
	b.verdicts, err = Judge(b.plan, b.workspace, Known{Selection: b.Selection, Secrets: b.Secrets, Latest: b.latest})
	return err
}

// lookAgain judges every step anew after one has run.
func (b *build) lookAgain(ran Step) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		delete(b.latest, ran.Name)
		if b.workspace, err = b.engine.Look(ctx, b.plan.Workspace); err != nil {
			return err
		}
		return b.judge()
	}
}

func (b *build) run(ctx context.Context, step Step) error {
	order := Order{Open: b.Open, Client: b.Client, After: map[string]string{}}
	for _, need := range step.Needs {
		order.After[need] = b.workspace.Stamps[need].Run
	}
	if step.Stdin != nil {
		secret := b.Secrets[step.Stdin.Secret]
		order.Stdin, order.Verifier = step.Stdin.encode(secret), newVerifier(secret)
	}
	var tail tail
	done := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		b.stopOnInterrupt(ctx, step, done)
	}()
	result, err := b.engine.Run(ctx, b.plan, step, order, func(at time.Time, text []byte) {
		tail.add(text)
		b.Events(Event{Kind: Printed, Time: at, Step: step.Name, Text: string(text)})
	})
	close(done)
	<-watching
	if err != nil {
		return err
	}
	b.Events(Event{Kind: Finished, Time: time.Now(), Step: step.Name, Result: &result})
	if b.stopped.Load() {
		return &StoppedError{Step: step.Name}
	}
	if result.ExitCode != 0 {
		return &StepError{Workspace: b.plan.Workspace, Step: step.Name, Result: result, Last: tail.lines(), Defect: step.Defect}
	}
	return nil
}

// stopOnInterrupt asks the step to end at the first interrupt, and kills it at every further one.
func (b *build) stopOnInterrupt(ctx context.Context, step Step, done <-chan struct{}) {
	for kill := false; ; kill = true {
		select {
		case <-done:
			return
		case <-b.Interrupt:
			b.stopped.Store(true)
			if err := b.engine.Stop(ctx, b.plan.Workspace, kill); err != nil {
				b.emit(Stopping, step.Name, err.Error())
				continue
			}
			b.emit(Stopping, step.Name, "")
		}
	}
}

// interruptible does something that is simply given up at an interrupt.
func (b *build) interruptible(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-b.Interrupt:
			b.stopped.Store(true)
			cancel()
		case <-done:
		}
	}()
	err := do(ctx)
	close(done)
	<-watching
	if b.stopped.Load() {
		return &StoppedError{}
	}
	return err
}
