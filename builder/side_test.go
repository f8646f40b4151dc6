package builder_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

func parallelBuilds(t *testing.T, argv ...string) *builds {
	return newBuilds(t, func(r *builder.Recipe) {
		r.Phases[2].Parallel, r.Phases[2].Run = true, []builder.Command{{Argv: argv}}
		r.Memory = map[string]int{"convert": 100}
	})
}

var formats = map[string][]string{"format": {"a", "b", "c"}}

// Steps that do not disturb each other run at once, as many as there is room for, and one interrupt ends all.
func TestParallelStepsRunSideBySide(t *testing.T) {
	for _, c := range []struct {
		cores, memory, want int
		turn                string
	}{
		{4, 1000, 3, ""}, {2, 1000, 2, ""}, {4, 250, 2, ""}, {4, 10, 1, ""}, {0, 0, 1, ""},
		{4, 1000, 3, "{{.format}}"},
		{4, 1000, 1, "all"},
		{2, 1000, 2, `{{if ne .format "c"}}all{{end}}`}, // b waits for a, and not in the place of c
	} {
		b := parallelBuilds(t, "sleep", "7200")
		b.recipe.Phases[2].Turn = c.turn
		interrupt := make(chan struct{}, 1)
		running := 0
		err := builder.Build(context.Background(), b.engine, b.plan(formats), builder.Options{
			Room:      func(context.Context) (int, int) { return c.cores, c.memory },
			Interrupt: interrupt,
			Events: func(e builder.Event) {
				if e.Kind == builder.Started && e.Step != "fetch" && e.Step != "make" {
					if running++; running == c.want {
						go func() { // when all have begun that do
							for len(b.engine.Started()) < 2+c.want {
								time.Sleep(time.Millisecond)
							}
							interrupt <- struct{}{}
						}()
					}
				}
			},
		})
		var stopped *builder.StoppedError
		if !errors.As(err, &stopped) {
			t.Fatal(err)
		}
		if got := len(b.engine.Started()) - 2; got != c.want {
			t.Errorf("with %d cores, %d MiB and turns %q, %d ran at once, not %d", c.cores, c.memory, c.turn, got, c.want)
		}
	}
}

// Those that take turns all run, one after the other.
func TestStepsTakeTurns(t *testing.T) {
	b := parallelBuilds(t, "echo", "{{.turn}}")
	b.recipe.Phases[2].Turn = "all"
	room := func(context.Context) (int, int) { return 3, 1000 }
	running := 0
	ran, err := b.buildWith(b.plan(formats), builder.Options{Room: room})
	for _, e := range b.events {
		switch e.Kind {
		case builder.Started:
			running++
		case builder.Finished:
			running--
		case builder.Printed:
			if !strings.HasSuffix(e.Text, "all\n") && e.Step != "fetch" && e.Step != "make" {
				t.Errorf("%s printed %q", e.Step, e.Text)
			}
		}
		if running > 1 {
			t.Errorf("%s began beside another", e.Step)
		}
	}
	if want := []string{"fetch", "make", "convert.a", "convert.b", "convert.c"}; err != nil || !slices.Equal(ran, want) {
		t.Errorf("ran %v, %v", ran, err)
	}
}

// One that fails does not end those beside it, but no other begins.
func TestAParallelStepThatFailsLeavesTheOthers(t *testing.T) {
	b := parallelBuilds(t, "echo", "{{.format}}")
	plan := b.plan(formats)
	plan.Steps[2].Commands = [][]string{{"false"}}
	room := func(context.Context) (int, int) { return 2, 1000 }
	_, err := b.buildWith(plan, builder.Options{Room: room})
	var failed *builder.StepError
	if !errors.As(err, &failed) || failed.Step != "convert.a" {
		t.Fatalf("got %v", err)
	}
	ran, err := b.buildWith(b.plan(formats), builder.Options{Room: room})
	if err != nil || !slices.Contains(ran, "convert.a") || slices.Contains(ran, "fetch") {
		t.Errorf("then %v ran, %v", ran, err)
	}
	if ran, err := b.buildWith(b.plan(formats), builder.Options{Room: room}); err != nil || len(ran) > 0 {
		t.Errorf("then %v ran, %v", ran, err)
	}
}

func TestOnlyPhasesOfSeveralStepsAreParallel(t *testing.T) {
	for what, change := range map[string]func(*builder.Phase){
		"a single step": func(p *builder.Phase) { p.Each = "" },
		"files":         func(p *builder.Phase) { p.Files = []string{"data"} },
	} {
		r := chain(func(r *builder.Recipe) {
			r.Options = append(r.Options, builder.Option{Name: "data", File: true})
			r.Phases[2].Parallel = true
			change(&r.Phases[2])
		})
		if err := r.Check(); err == nil {
			t.Errorf("a parallel phase with %s is taken", what)
		}
	}
}
