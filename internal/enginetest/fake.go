// Package enginetest has a builder.Engine that behaves like a real one without doing anything real, and the tests that
// every engine must pass.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Fake is an engine in memory. Its containers know a handful of programs (see programs.go), run side by side with their
// client, and go on without it.
type Fake struct {
	mutex sync.Mutex
	// changed is told whenever a container prints or ends.
	changed    *sync.Cond
	workspaces map[string]*workspace
	images     map[string]bool
	started    []string
	runs       int
	// Fail, when it is set, is asked before everything that the engine does, and may make it fail.
	Fail func(doing string) error
}

// workspace is a volume and the containers on it.
type workspace struct {
	builder.Workspace
	files map[string]string
	// seats are the containers that run: one, or some parallel ones of the same phase by their steps.
	seats map[string]*process
}

// process is a container of a step.
type process struct {
	run     builder.Run
	beside  string // the phase of a parallel step
	log     []entry
	stopped chan struct{} // closed when it is asked to end
	code    int           // what it then ends with
}

type entry struct {
	at   time.Time
	text string
}

var _ builder.Engine = (*Fake)(nil)

// New is an engine that has nothing yet.
func New() *Fake {
	f := &Fake{workspaces: map[string]*workspace{}, images: map[string]bool{}}
	f.changed = sync.NewCond(&f.mutex)
	return f
}

// Started are the steps that were started, in order.
func (f *Fake) Started() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.started)
}

// Prune forgets every container that has ended, as "docker container prune" does.
func (f *Fake) Prune() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, w := range f.workspaces {
		maps.DeleteFunc(w.Runs, func(_ string, run builder.Run) bool { return run.State == builder.RunExited })
	}
}

func (f *Fake) failing(doing string) error {
	if f.Fail == nil {
		return nil
	}
	if err := f.Fail(doing); err != nil {
		return &builder.EngineError{Doing: doing, Err: err}
	}
	return nil
}

// Prepare implements builder.Engine.
func (f *Fake) Prepare(ctx context.Context, plan builder.Plan, output func(string)) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.failing("prepare"); err != nil {
		return err
	}
	if !f.images[plan.Image.Tag] {
		output("building " + plan.Image.Tag)
		f.images[plan.Image.Tag] = true
	}
	if f.workspaces[plan.Workspace] == nil {
		f.workspaces[plan.Workspace] = &workspace{
			Workspace: builder.Workspace{
				Name: plan.Workspace, Recipe: plan.Recipe, Created: time.Now(),
				Stamps: map[string]builder.Stamp{}, Unfinished: map[string]bool{}, Runs: map[string]builder.Run{},
			},
			files: map[string]string{}, seats: map[string]*process{},
		}
	}
	return ctx.Err()
}

// Look implements builder.Engine.
func (f *Fake) Look(_ context.Context, name string) (builder.Workspace, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.failing("look"); err != nil {
		return builder.Workspace{}, err
	}
	w := f.workspaces[name]
	if w == nil {
		return builder.Workspace{Name: name}, builder.ErrNoWorkspace
	}
	seen := w.Workspace
	seen.Stamps, seen.Unfinished, seen.Runs = maps.Clone(w.Stamps), maps.Clone(w.Unfinished), maps.Clone(w.Runs)
	return seen, nil
}

// Run implements builder.Engine.
func (f *Fake) Run(ctx context.Context, plan builder.Plan, step builder.Step, order builder.Order, output builder.Output) (builder.Result, error) {
	inputs, err := readInputs(step, order)
	if err != nil {
		return builder.Result{}, err
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := errors.Join(ctx.Err(), f.failing("run "+step.Name)); err != nil {
		return builder.Result{}, err
	}
	w := f.workspaces[plan.Workspace]
	if w == nil {
		return builder.Result{}, &builder.EngineError{Doing: "run " + step.Name, Err: builder.ErrNoWorkspace}
	}
	for _, other := range w.seats {
		switch {
		case other.run.Step == step.Name && other.run.Digest == step.Digest:
			return f.follow(ctx, other, true, output)
		case other.run.Step == step.Name || !step.Parallel || other.beside != step.Phase:
			return builder.Result{}, &builder.BusyError{Workspace: plan.Workspace, Run: other.run}
		}
	}
	p := f.start(w, plan, step, order, inputs)
	if order.Interrupts != nil {
		if times := order.Interrupts(); times > 0 {
			p.stop(exitCode(times > 1))
		}
	}
	return f.follow(ctx, p, false, output)
}

// start takes a seat of a workspace. The step runs whatever becomes of the client.
func (f *Fake) start(w *workspace, plan builder.Plan, step builder.Step, order builder.Order, inputs map[string]string) *process {
	f.runs++
	p := &process{stopped: make(chan struct{}), run: builder.Run{
		ID: fmt.Sprint("container", f.runs), Step: step.Name, Digest: step.Digest, Client: order.Client,
		Config: plan.Config, State: builder.RunRunning, Result: builder.Result{Started: time.Now()},
	}}
	if step.Parallel {
		p.beside = step.Phase
	}
	w.seats[step.Name], w.Runs[step.Name] = p, p.run
	f.started = append(f.started, step.Name)
	go func() {
		code := f.execute(w, p, plan, step, order, inputs)
		f.mutex.Lock()
		defer f.mutex.Unlock()
		p.run.State, p.run.ExitCode, p.run.Finished = builder.RunExited, code, time.Now()
		if w.seats[step.Name] == p {
			w.Runs[step.Name] = p.run
			delete(w.seats, step.Name)
		}
		f.changed.Broadcast()
	}()
	return p
}

// follow gives the whole log to a client, until the process ends or the client goes.
func (f *Fake) follow(ctx context.Context, p *process, followed bool, output builder.Output) (builder.Result, error) {
	defer f.wakeWhenDone(ctx)()
	for shown := 0; ; {
		for ; shown < len(p.log); shown++ {
			e := p.log[shown]
			f.mutex.Unlock()
			output(e.at, []byte(e.text))
			f.mutex.Lock()
		}
		switch {
		case ctx.Err() != nil:
			return builder.Result{}, ctx.Err()
		case shown < len(p.log):
		case p.run.State == builder.RunExited:
			result := p.run.Result
			result.Followed = followed
			return result, nil
		default:
			f.changed.Wait()
		}
	}
}

// Ask implements builder.Engine.
func (f *Fake) Ask(_ context.Context, plan builder.Plan, argv []string) ([]byte, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.failing("ask"); err != nil {
		return nil, err
	}
	if !f.images[plan.Image.Tag] {
		return nil, builder.ErrNoImage
	}
	out, code := f.workspaces[plan.Workspace].program(argv, "")
	if code != 0 {
		return nil, fmt.Errorf("%s ended with exit code %d", argv[0], code)
	}
	return []byte(out), nil
}

// readInputs are the contents of the files that a step needs, by path.
func readInputs(step builder.Step, order builder.Order) (map[string]string, error) {
	contents := map[string]string{}
	for _, input := range step.Inputs {
		for _, file := range input.Files {
			reader, err := order.Open(input.Option, file)
			if err != nil {
				return nil, err
			}
			content, err := io.ReadAll(reader)
			if err := errors.Join(err, reader.Close()); err != nil {
				return nil, err
			}
			contents[strings.TrimSuffix(input.Path+"/"+file.Name, "/")] = string(content)
		}
	}
	return contents, nil
}
