package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/machine"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

// bootError is a machine that did not do what was asked of it.
type bootError struct {
	text string
	// last are the last lines of its console.
	last []string
}

func (e *bootError) Error() string { return e.text }

// exitKilled is the exit code of what was killed.
const exitKilled = 128 + 9

// ending is how a machine's container ended.
type ending struct {
	code int
	err  error
}

// check runs a machine until its console shows what is waited for, or it is clear that this will not come.
func (c *bootCommand) check(ctx context.Context, name string, watch *machine.Watch, expect *regexp.Regexp, boot boot) error {
	signals := listen()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	ended := make(chan ending, 1)
	go func() {
		code, err := boot(ctx, docker.Terminal{In: nobody{ctx}, Out: watch, Err: warnings{}})
		ended <- ending{code, err}
	}()
	end := func() { cancel(); <-ended } // with its container
	var verdict machine.Verdict
	select {
	case verdict = <-watch.Verdict():
		end()
	case how := <-ended:
		if how.err != nil {
			return how.err
		}
		verdict = how.verdict(watch, expect)
	case <-time.After(c.Timeout):
		end()
		verdict.Trouble = fmt.Sprintf("no line that matches %q came within %s", expect, c.Timeout)
	case <-signals.requests:
		end()
		return signals.name(&builder.StoppedError{})
	}
	if verdict.Line == "" {
		return &bootError{fmt.Sprintf("%s did not boot: %s", name, verdict.Trouble), watch.Last()}
	}
	fmt.Printf("%s booted in %.1fs: %s\n", name, time.Since(began).Seconds(), verdict.Line)
	return nil
}

// verdict is that on a machine that ended by itself: what its console said before it did counts.
func (e ending) verdict(watch *machine.Watch, expect *regexp.Regexp) machine.Verdict {
	select {
	case verdict := <-watch.Verdict():
		return verdict
	default:
	}
	if e.code == exitKilled {
		return machine.Verdict{Trouble: "somebody killed the machine"}
	}
	return machine.Verdict{Trouble: fmt.Sprintf("the machine ended by itself (exit code %d), and nothing that matches %q came", e.code, expect)}
}

// nobody types nothing, for as long as the machine runs.
type nobody struct{ ctx context.Context }

func (n nobody) Read([]byte) (int, error) {
	<-n.ctx.Done()
	return 0, errors.New("the machine has ended")
}

// warnings are what run-machine and QEMU complain of.
type warnings struct{}

func (warnings) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		fmt.Fprintln(os.Stderr, progress.Clean(line))
	}
	return len(text), nil
}
