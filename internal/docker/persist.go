package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/docker/docker/client"

	"github.com/coreos-builder/coreos-builder/builder"
)

const (
	// longestCall is how long an engine may take over a call that asks for nothing long. A stalled connection looks like
	// an engine that never answers.
	longestCall = 30 * time.Second
	// longestCreation is how long it may take to make a container, which is waited for also by whoever has given up.
	longestCreation = 2 * time.Minute
	// longestStart is how long a container may take to start, and longestDelivery how long the files that a user brings may take
	// to arrive.
	longestStart    = time.Minute
	longestDelivery = 10 * time.Minute
	// longestBeat is how often an engine that sends nothing is asked whether it is there.
	longestBeat = 10 * time.Second
	// shortestQuiet and longestQuiet are how long nothing has to come before a log is asked for again.
	shortestQuiet = time.Minute
	longestQuiet  = 16 * time.Minute
	// DefaultPatience is how long a lost connection is tried to be made again.
	DefaultPatience = 5 * time.Minute
	// firstWait and longestWait are between two tries.
	firstWait   = 250 * time.Millisecond
	longestWait = 10 * time.Second
)

// broken tells whether an error is one of the way to the engine, as opposed to what the engine said.
func broken(err error) bool {
	var network net.Error
	if errors.Is(err, context.Canceled) { // which comes in the clothes of a network's error
		return false
	}
	return client.IsErrConnectionFailed(err) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Broken tells whether what failed is the way to the engine: it may succeed when it is tried again.
func Broken(err error) bool { return broken(err) }

// unwatched is an error of a connection that a watch gave up, as what it is: one that was cut.
func unwatched(ctx context.Context, err error) error {
	if ctx.Err() == nil && errors.Is(err, context.Canceled) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// persist does something that can be done again, until the engine has answered or patience is at an end. Every try has its
// own time limit. Notice is told once that the connection was lost, and once that it is there again.
func (e *Engine) persist(ctx context.Context, notice func(string), do func(context.Context) error) error {
	start, told := time.Now(), false
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := e.try(ctx, do)
		if told && !broken(err) {
			notice(fmt.Sprintf("the engine answers again, after %s", time.Since(start).Round(time.Second)))
		}
		if !broken(err) || ctx.Err() != nil {
			return err
		}
		if time.Since(start)+wait > e.patience {
			return fmt.Errorf("%w (the engine has not answered for %s)", err, time.Since(start).Round(time.Second))
		}
		if !told && notice != nil {
			told = true
			notice(fmt.Sprintf("the connection to the engine was lost (%v): trying again for %s", err, e.patience))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *Engine) try(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(longestCall, e.patience/2))
	defer cancel()
	return do(ctx)
}

// inspectAgain is inspectRun, which persists.
func (e *Engine) inspectAgain(ctx context.Context, id string, notice func(string)) (run builder.Run, err error) {
	err = e.persist(ctx, notice, func(ctx context.Context) error {
		run, err = e.inspectRun(ctx, id)
		return err
	})
	return run, err
}

// watch ends a context when the engine does not answer any more, so that who waits for it on a connection that has stalled
// waits no longer. Where alone that connection has stalled, nobody can tell it from one on which there is nothing to say: so
// the context also ends when alive has not been called for a while.
func (e *Engine) watch(ctx context.Context, quiet time.Duration) (watched context.Context, alive func(), cancel context.CancelFunc) {
	ctx, cancel = context.WithCancel(ctx)
	var last atomic.Int64
	alive = func() { last.Store(time.Now().UnixNano()) }
	alive()
	go func() {
		defer cancel()
		for {
			select {
			case <-time.After(min(longestBeat, e.patience/6)):
			case <-ctx.Done():
				return
			}
			err := e.try(ctx, func(ctx context.Context) error { _, err := e.api.Ping(ctx); return err })
			if broken(err) || time.Since(time.Unix(0, last.Load())) > quiet {
				return
			}
		}
	}()
	return ctx, alive, cancel
}
