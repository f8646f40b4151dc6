package docker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// line is a workspace of an engine that is reached by way of a proxy.
type line struct {
	*testing.T
	direct, engine *docker.Engine
	proxy          *dockertest.Proxy
	plan           builder.Plan
}

func newLine(t *testing.T, patience time.Duration) *line {
	l := &line{T: t, direct: dockertest.Connect(t), plan: dockertest.DemoPlan(t)}
	l.plan.Workspace = dockertest.Workspaces + strings.ToLower(t.Name())
	l.proxy = dockertest.NewProxy(t, l.direct.API().DaemonHost())
	var err error
	if l.engine, err = docker.Connect(t.Context(), docker.Address{Host: l.proxy.Host, Patience: patience}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.engine.Close()
		if err := l.direct.Remove(context.Background(), l.plan.Workspace); err != nil {
			t.Error(err)
		}
	})
	if err := l.direct.Prepare(t.Context(), l.plan, func(string) {}); err != nil {
		t.Fatal(err)
	}
	return l
}

// counts is a step that counts up to a number.
func (l *line) counts(to int) builder.Step {
	return builder.Step{Name: "counts", Definition: builder.Definition{Image: l.plan.Image.Tag, Commands: [][]string{
		{"bash", "-c", `for ((i = 1; i <= $1; i++)); do echo "$i"; sleep 0.01; done`, "counts", fmt.Sprint(to)}}}}
}

// run runs a step by way of the proxy. At every line that comes, it is told how many there are.
func (l *line) run(step builder.Step, came func(lines int)) (builder.Result, string, []string, error) {
	var out strings.Builder
	var notices []string
	lines := 0
	order := builder.Order{Notice: func(text string) { notices = append(notices, text) }}
	result, err := l.engine.Run(l.Context(), l.plan, step, order, func(_ time.Time, text []byte) {
		if strings.HasPrefix(string(text), "+") {
			return
		}
		out.Write(text)
		lines++
		came(lines)
	})
	return result, out.String(), notices, err
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i+1)
	}
	return b.String()
}

// Wherever the connection is cut, the output goes on without a lost or a doubled line.
func TestACutConnectionLosesNothing(t *testing.T) {
	l := newLine(t, time.Minute)
	const n = 300
	result, out, _, err := l.run(l.counts(n), func(lines int) {
		if lines%37 == 0 {
			l.proxy.Cut()
		}
	})
	if err != nil || result.ExitCode != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	if out != numbers(n) {
		t.Errorf("got %d bytes, want %d", len(out), len(numbers(n)))
	}
}

// A connection over which nothing comes any more, though it is open, is noticed, and made again.
func TestAStalledConnectionIsNoticed(t *testing.T) {
	l := newLine(t, 20*time.Second)
	const n = 100
	result, out, _, err := l.run(l.counts(n), func(lines int) {
		if lines == 30 {
			l.proxy.Stall()
		}
	})
	if err != nil || result.ExitCode != 0 || out != numbers(n) {
		t.Errorf("%+v, %v, %d bytes", result, err, len(out))
	}
}

// An engine that stays away ends the wait, in words, and the step goes on.
func TestAnEngineThatStaysAwayIsGivenUp(t *testing.T) {
	l := newLine(t, 3*time.Second)
	step := builder.Step{Name: "long", Definition: builder.Definition{Image: l.plan.Image.Tag, Commands: [][]string{
		{"sh", "-c", "echo here; exec sleep 3600"}}}}
	start := time.Now()
	_, _, notices, err := l.run(step, func(int) { l.proxy.Close() })
	var engine *builder.EngineError
	if !errors.As(err, &engine) || !strings.Contains(err.Error(), "cannot follow step long, which goes on without us: ") ||
		!strings.Contains(err.Error(), "has not answered for") {
		t.Errorf("got %v", err)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "the connection to the engine was lost") {
		t.Errorf("got %q", notices)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	w, err := l.direct.Look(t.Context(), l.plan.Workspace)
	if err != nil || w.Runs["long"].State != builder.RunRunning {
		t.Errorf("got %+v, %v", w.Runs, err)
	}
}
