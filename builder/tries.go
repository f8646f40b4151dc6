package builder

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// maxOvertaken is how often others may be faster with a step before a build gives up.
const maxOvertaken = 10

// step runs a step that has to, as often as it takes and is allowed.
func (b *build) step(ctx context.Context, i int) error {
	step := b.plan.Steps[i]
	overtaken := 0
	for retries, pause := b.Retries, b.Pause; ; {
		verdict := b.verdict(i)
		if !verdict.Runs {
			b.emit(Skipped, step.Name, skipped(verdict))
			return nil
		}
		b.emit(Started, step.Name, verdict.Reason)
		err := b.run(ctx, i)
		var busy *BusyError
		var failed *StepError
		switch {
		case errors.As(err, &busy):
			if b.plan.Has(busy.Run) && overtaken < maxOvertaken { // somebody builds the same, and is elsewhere in it
				overtaken++
				if err := b.lookBack(ctx, i, nil); err != nil {
					return err
				}
				if v := b.verdict(i); !v.Runs || v.State == Running {
					continue
				}
			}
			if !b.Wait {
				return err
			}
			b.emit(Noted, step.Name, err.Error()+": waiting for it")
			if err := b.lookBack(ctx, i, b.await); err != nil {
				return err
			}
		case errors.As(err, &failed) && failed.Result.ExitCode == exitMoved && overtaken < maxOvertaken:
			overtaken++ // somebody was faster: see what is left to do
			if err := b.lookBack(ctx, i, nil); err != nil {
				return err
			}
		case errors.As(err, &failed) && step.Network && failed.mayPass() && retries > 0:
			b.emit(Noted, step.Name, fmt.Sprintf("it fetches things, which may fail for a while: beginning again in %s", pause))
			if err := b.lookBack(ctx, i, sleep(pause)); err != nil {
				return err
			}
			retries, pause = retries-1, 2*pause
		default:
			return err
		}
	}
}

// order is what a run of a step depends on as things stand.
func (b *build) order(i int) Order {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	step := b.plan.Steps[i]
	order := Order{Run: rand.Text(), Open: b.Open, Client: b.Client, Offline: b.Offline, After: map[string]string{}}
	order.Replaces = cmp.Or(b.workspace.Stamps[step.Name].Run, NoRun)
	for _, need := range step.Needs {
		order.After[need] = b.workspace.Stamps[need].Run
	}
	for later := i; later < len(b.plan.Steps); later++ {
		// What a later step made before goes when it runs again, and gives it room.
		if v := b.verdicts[later]; v.Runs && (later == i || v.Stamp == nil) {
			order.Disk += b.plan.Steps[later].Disk
		}
	}
	order.Interrupts = func() int { return int(b.interrupts.Load()) }
	order.Notice = func(text string) { b.emit(Noted, step.Name, text) }
	if step.Stdin != nil {
		secret := b.Secrets[step.Stdin.Secret]
		order.Stdin, order.Verifier = step.Stdin.encode(secret), newVerifier(secret)
	}
	return order
}

// lookBack waits, then sees what there is to do before a step and for it. It is errUndone where an earlier step has to run.
func (b *build) lookBack(ctx context.Context, i int, wait func(context.Context) error) error {
	if wait != nil {
		if err := b.interruptible(ctx, wait); err != nil {
			return err
		}
	}
	b.unsure.Store(true) // what a neighbour does while this one looks may be missed
	step := b.plan.Steps[i]
	if err := b.interruptible(ctx, b.lookAgain(step)); err != nil {
		return err
	}
	if b.firstUndone(i, step.Phase) < i {
		return errUndone
	}
	return nil
}

// errUndone is an earlier step that somebody else has run anew, or undone.
var errUndone = errors.New("an earlier step has to run again")

// firstUndone is the first of the steps before one that has to run, or that one itself. Steps of a phase that are under way
// are left out.
func (b *build) firstUndone(end int, underWay string) int {
	for i := range end {
		if b.plan.Steps[i].Phase != underWay && b.verdict(i).Runs {
			return i
		}
	}
	return end
}

// await waits until nobody runs a step.
func (b *build) await(ctx context.Context) error { return b.engine.Await(ctx, b.plan.Workspace) }

func sleep(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
