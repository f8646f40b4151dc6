package enginetest

import (
	"context"
)

// Stop implements builder.Engine.
func (f *Fake) Stop(_ context.Context, name string, kill bool) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.workspaces[name].stop(kill)
	return nil
}

// stop ends all that runs in a workspace.
func (w *workspace) stop(kill bool) {
	if w == nil {
		return
	}
	for _, p := range w.seats {
		p.stop(exitCode(kill))
	}
}

func exitCode(kill bool) int {
	if kill {
		return 137
	}
	return 143
}

// end ends a process from outside.
func (f *Fake) end(p *process, code int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	p.stop(code)
}

func (p *process) stop(code int) {
	select {
	case <-p.stopped:
	default:
		p.code = code
		close(p.stopped)
	}
}

// Await implements builder.Engine.
func (f *Fake) Await(ctx context.Context, name string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	defer f.wakeWhenDone(ctx)()
	for w := f.workspaces[name]; w != nil && len(w.seats) > 0 && ctx.Err() == nil; {
		f.changed.Wait()
	}
	return ctx.Err()
}

// wakeWhenDone wakes who waits for a change when the context ends.
func (f *Fake) wakeWhenDone(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.changed.Broadcast()
	})
}

// Remove implements builder.Engine.
func (f *Fake) Remove(_ context.Context, name string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.workspaces[name].stop(true)
	delete(f.workspaces, name)
	return nil
}
