package builder

import (
	"cmp"
	"context"
	"errors"
	"sync"
)

// serial is who receives events, one at a time.
func serial(events func(Event)) func(Event) {
	if events == nil {
		return nil
	}
	var mutex sync.Mutex
	return func(e Event) {
		mutex.Lock()
		defer mutex.Unlock()
		events(e)
	}
}

// sideBySide is where the steps end that may run beside step i.
func (b *build) sideBySide(i int) int {
	first, next := b.plan.Steps[i], i+1
	for first.Parallel && next < len(b.plan.Steps) && b.plan.Steps[next].Parallel && b.plan.Steps[next].Phase == first.Phase {
		next++
	}
	return next
}

// steps runs the steps from i to next, as many at once as there is room for. Where one fails, those that run are left to
// end, and no other begins. The error is that of the first in their order.
func (b *build) steps(ctx context.Context, i, next int) error {
	line := newLine()
	for at := i; at < next; at++ {
		if verdict := b.verdict(at); !verdict.Runs {
			b.emit(Skipped, b.plan.Steps[at].Name, skipped(verdict))
			continue
		}
		line.add(at, b.plan.Steps[at].Turn)
	}
	errs := make([]error, next-i)
	var all sync.WaitGroup
	for range b.places(ctx, i, next) {
		all.Go(func() {
			for at, ok := line.next(b.stopped); ok; at, ok = line.next(b.stopped) {
				errs[at-i] = b.step(ctx, at)
				line.done(at, errs[at-i] == nil)
			}
		})
	}
	all.Wait()
	var undone error
	for _, err := range errs {
		if err != nil && !errors.Is(err, errUndone) {
			return err
		}
		undone = cmp.Or(undone, err)
	}
	if undone != nil {
		return undone
	}
	if b.stopped() {
		return &StoppedError{}
	}
	return nil
}

// places is how many of some steps run at once.
func (b *build) places(ctx context.Context, i, next int) int {
	run, memory := 0, 1
	for at := i; at < next; at++ {
		if b.verdicts[at].Runs {
			run++
			memory = max(memory, b.plan.Steps[at].Memory)
		}
	}
	if run < 2 || b.Room == nil {
		return 1
	}
	cores, room := b.Room(ctx)
	return max(1, min(run, cores, room/memory))
}
