package builder_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/enginetest"
)

// chain is a recipe of three phases, the last of which runs once for each format.
func chain(change func(*builder.Recipe)) builder.Recipe {
	r := builder.Recipe{
		Name:  "chain",
		Image: builder.ImageSource{Name: "fake", Context: "sha256:0"},
		Dir:   "/workspace",
		Options: []builder.Option{
			{Name: "word", Default: "hello"},
			{Name: "format", Default: "a", List: true},
			{Name: "password", Secret: true},
		},
		Phases: []builder.Phase{
			{Name: "fetch", Run: []builder.Command{{Argv: []string{"echo", "fetching"}}}},
			{Name: "make", Run: []builder.Command{{Argv: []string{"echo", "{{.word}}"}}}},
			{Name: "convert", Each: "format", Run: []builder.Command{{Argv: []string{"echo", "{{.format}}"}}}},
		},
		Artifacts: builder.Artifacts{Dir: "out", Files: []string{"*"}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// builds is a workspace on a fake engine, with the events of its last build.
type builds struct {
	*testing.T
	engine *enginetest.Fake
	recipe builder.Recipe
	events []builder.Event
}

func newBuilds(t *testing.T, change func(*builder.Recipe)) *builds {
	r := chain(change)
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return &builds{T: t, engine: enginetest.New(), recipe: r}
}

func (b *builds) plan(options map[string][]string) builder.Plan {
	b.Helper()
	plan, err := builder.Compile(b.recipe, builder.Config{Options: options, Secrets: map[string]bool{"password": true}})
	if err != nil {
		b.Fatal(err)
	}
	return plan
}

// build builds, and returns the steps that were started.
func (b *builds) build(options map[string][]string, selection builder.Selection) ([]string, error) {
	b.Helper()
	return b.buildWith(b.plan(options), builder.Options{Selection: selection})
}

func (b *builds) buildWith(plan builder.Plan, o builder.Options) ([]string, error) {
	b.Helper()
	before := len(b.engine.Started())
	b.events = nil
	o.Events = func(e builder.Event) { b.events = append(b.events, e) }
	err := builder.Build(context.Background(), b.engine, plan, o)
	return b.engine.Started()[before:], err
}

// runs checks that a build runs these steps, and no other.
func (b *builds) runs(options map[string][]string, selection builder.Selection, want ...string) {
	b.Helper()
	got, err := b.build(options, selection)
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(got, want) {
		b.Errorf("ran %v, want %v", got, want)
	}
}

// said is what the last build said of a step when it started or skipped it.
func (b *builds) said(step string) string {
	for _, e := range b.events {
		if e.Step == step && (e.Kind == builder.Started || e.Kind == builder.Skipped) {
			return e.Text
		}
	}
	return ""
}

func (b *builds) says(step, want string) {
	b.Helper()
	if got := b.said(step); got != want {
		b.Errorf("of %s it says %q, want %q", step, got, want)
	}
}

var all builder.Selection

func TestABuildRunsEveryStepInOrderAndThenNone(t *testing.T) {
	b := newBuilds(t, nil)
	formats := map[string][]string{"format": {"a", "b"}}
	b.runs(formats, all, "fetch", "make", "convert.a", "convert.b")
	b.says("fetch", "it has never run")
	b.runs(formats, all)
	b.says("fetch", "up to date")
	b.says("convert.b", "up to date")
}

func TestNothingRunsAgainAfterAPrune(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.engine.Prune()
	b.runs(nil, all)
}

func TestAChangeRunsItsStepAndThoseAfter(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.runs(map[string][]string{"word": {"bye"}}, all, "make", "convert.a")
	b.says("fetch", "up to date")
	b.says("make", "command changed: hello is now bye")
	b.says("convert.a", "make ran since") // by now it has
}

func TestAnotherFormatRunsAlone(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.runs(map[string][]string{"format": {"b"}}, all, "convert.b")
	b.runs(map[string][]string{"format": {"a", "b"}}, all)
}

func TestOnlyRunsOnePhaseOnWhatIsThere(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, all, "fetch", "make", "convert.a")
	changed := map[string][]string{"word": {"bye"}, "format": {"b"}}
	b.runs(changed, builder.Selection{Only: "convert"}, "convert.b")
	b.says("make", "left out, though command changed: hello is now bye")
	b.runs(changed, all, "make", "convert.b")
}

func TestOnlyNeedsWhatItBuildsOn(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, builder.Selection{Until: "fetch"}, "fetch")
	ran, err := b.build(nil, builder.Selection{Only: "convert"})
	var input *builder.InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), "needs make, which is left out and has never run") || len(ran) != 0 {
		t.Errorf("ran %v, got %v", ran, err)
	}
}

func TestFromAndUntil(t *testing.T) {
	b := newBuilds(t, nil)
	b.runs(nil, builder.Selection{Until: "make"}, "fetch", "make")
	b.runs(nil, builder.Selection{From: "make", Until: "make", Force: true}, "make")
	b.says("make", "forced")
	b.runs(nil, builder.Selection{From: "convert"}, "convert.a")
}

func TestForceRunsEachStepOnce(t *testing.T) {
	b := newBuilds(t, nil)
	for range 2 {
		b.runs(nil, builder.Selection{Force: true}, "fetch", "make", "convert.a")
	}
	b.runs(nil, all)
}

func TestASelectionThatDoesNotFitIsRefused(t *testing.T) {
	b := newBuilds(t, nil)
	for _, s := range []builder.Selection{
		{Only: "nosuch"}, {From: "nosuch"}, {From: "make", Until: "fetch"}, {Only: "make", From: "fetch"},
	} {
		ran, err := b.build(nil, s)
		var input *builder.InputError
		if !errors.As(err, &input) || len(ran) != 0 {
			t.Errorf("%+v: ran %v, got %v", s, ran, err)
		}
		if _, err := b.engine.Look(context.Background(), "chain"); !errors.Is(err, builder.ErrNoWorkspace) {
			t.Errorf("%+v: a workspace was made", s)
		}
	}
}

func TestABuildStopsAtTheFirstFailureAndGoesOnFromThere(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Options = append(r.Options, builder.Option{Name: "code", Default: "0"})
		r.Phases[1].Run = append(r.Phases[1].Run, builder.Command{Argv: []string{"sh", "-c", "exit {{.code}}"}})
	})
	ran, err := b.build(map[string][]string{"code": {"7"}}, all)
	var failed *builder.StepError
	if !errors.As(err, &failed) || !slices.Equal(ran, []string{"fetch", "make"}) {
		t.Fatalf("ran %v, got %v", ran, err)
	}
	if failed.Step != "make" || failed.Result.ExitCode != 7 || !slices.Contains(failed.Last, "hello") {
		t.Errorf("got %+v", failed)
	}
	if got := err.Error(); got != "step make failed with exit code 7" {
		t.Errorf("got %q", got)
	}
	b.runs(nil, all, "make", "convert.a")
	b.says("make", "its last run failed with exit code 7")
}

func TestASecondBuildFollowsTheFirst(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) { r.Phases[1].Run[0].Argv = []string{"sleep", "3600"} })
	plan := b.plan(nil)
	first := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		first <- builder.Build(context.Background(), b.engine, plan, builder.Options{Events: func(e builder.Event) {
			if e.Kind == builder.Printed && e.Step == "make" {
				close(started)
			}
		}})
	}()
	<-started
	interrupt := make(chan struct{}, 1)
	var followed bool
	err := builder.Build(context.Background(), b.engine, plan, builder.Options{
		Interrupt: interrupt,
		Events: func(e builder.Event) {
			if e.Kind == builder.Started && e.Step == "make" && e.Text != "it is running" {
				t.Errorf("it says %q", e.Text)
			}
			if e.Kind == builder.Printed && e.Step == "make" {
				interrupt <- struct{}{}
			}
			if e.Kind == builder.Finished && e.Step == "make" {
				followed = e.Result.Followed
			}
		},
	})
	var stopped *builder.StoppedError
	if !errors.As(err, &stopped) || stopped.Step != "make" || !followed {
		t.Errorf("got %v, followed %v", err, followed)
	}
	var failed *builder.StepError
	if err := <-first; !errors.As(err, &failed) || failed.Result.ExitCode != 143 {
		t.Errorf("the first got %v", err)
	}
	if got := b.engine.Started(); !slices.Equal(got, []string{"fetch", "make"}) {
		t.Errorf("ran %v", got)
	}
}

func TestAnInterruptEndsTheStepAndTheSecondKillsIt(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) { r.Phases[0].Run[0].Argv = []string{"sleep", "3600"} })
	interrupt := make(chan struct{}, 2)
	var kinds []builder.Kind
	err := builder.Build(context.Background(), b.engine, b.plan(nil), builder.Options{
		Interrupt: interrupt,
		Events: func(e builder.Event) {
			if e.Kind == builder.Printed {
				interrupt <- struct{}{}
			}
			kinds = append(kinds, e.Kind)
		},
	})
	var stopped *builder.StoppedError
	if !errors.As(err, &stopped) || stopped.Step != "fetch" {
		t.Errorf("got %v", err)
	}
	if !slices.Contains(kinds, builder.Finished) {
		t.Errorf("got %v", kinds)
	}
	b.recipe.Phases[0].Run[0].Argv = []string{"true"}
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.says("fetch", "its last run was stopped, or the engine was restarted")
}

func TestAnInterruptBeforeAnyStepEndsTheBuild(t *testing.T) {
	b := newBuilds(t, nil)
	interrupt := make(chan struct{}, 1)
	b.engine.Fail = func(doing string) error {
		if doing == "prepare" {
			interrupt <- struct{}{}
			for len(interrupt) > 0 {
				time.Sleep(time.Millisecond) // until Build has it
			}
		}
		return nil
	}
	ran, err := b.buildWith(b.plan(nil), builder.Options{Interrupt: interrupt})
	var stopped *builder.StoppedError
	if !errors.As(err, &stopped) || stopped.Step != "" || len(ran) != 0 {
		t.Errorf("ran %v, got %v", ran, err)
	}
}

// What a build did itself it knows, and does not look for.
func TestABuildLooksOnce(t *testing.T) {
	b := newBuilds(t, nil)
	looks := 0
	b.engine.Fail = func(doing string) error {
		if doing == "look" {
			looks++
		}
		return nil
	}
	for _, runs := range []bool{true, false} {
		looks = 0
		ran, err := b.build(nil, all)
		if err != nil || looks != 1 || len(ran) > 0 != runs {
			t.Errorf("looked %d times, ran %v; %v", looks, ran, err)
		}
	}
}

func TestAnEngineThatFailsIsNoStepThatFails(t *testing.T) {
	for _, doing := range []string{"look", "prepare", "run make"} {
		b := newBuilds(t, nil)
		b.engine.Fail = func(what string) error {
			if what == doing {
				return errors.New("the cable is out")
			}
			return nil
		}
		_, err := b.build(nil, all)
		var engine *builder.EngineError
		if !errors.As(err, &engine) || !strings.Contains(err.Error(), "the cable is out") {
			t.Errorf("%s: got %v", doing, err)
		}
		b.engine.Fail = nil
		if _, err := b.build(nil, all); err != nil {
			t.Errorf("%s: then %v", doing, err)
		}
	}
}

func TestANewSecretRunsItsStepAndIsToldNobody(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Phases[1].Stdin = builder.Stdin{Secret: "password", As: "line"}
		r.Phases[1].Run[0].Argv = []string{"true"}
	})
	with := func(secret string) ([]string, error) {
		return b.buildWith(b.plan(nil), builder.Options{Secrets: map[string][]byte{"password": []byte(secret)}})
	}
	for _, build := range []struct {
		secret string
		want   []string
		reason string
	}{
		{"first", []string{"fetch", "make", "convert.a"}, "it has never run"},
		{"first", nil, "up to date"},
		{"second", []string{"make", "convert.a"}, "password changed"},
		{"second", nil, "up to date"},
	} {
		ran, err := with(build.secret)
		if err != nil || !slices.Equal(ran, build.want) {
			t.Errorf("%s: ran %v, got %v", build.secret, ran, err)
		}
		b.says("make", build.reason)
	}
	b.runs(nil, all) // without the secret nobody can tell that it is another
	w, err := b.engine.Look(context.Background(), "chain")
	if err != nil {
		t.Fatal(err)
	}
	if told := fmt.Sprintf("%+v %+v %+v", w, b.plan(nil), b.events); strings.Contains(told, "second") {
		t.Error("the secret is in the workspace, the plan or the events")
	}
}

func TestSourcesThatFloatAreAskedForAndSyncedWhenTheyMove(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Options = append(r.Options, builder.Option{Name: "head", Default: "1111"}, builder.Option{Name: "pin"})
		r.Phases[0].Sources = &builder.Sources{
			Floating: "{{not .pin}}",
			Latest:   []string{"printf", `manifest {{.head}}\n`},
			Synced:   []string{"cat", "head"},
		}
		r.Phases[0].Run[0].Argv = []string{"touch", "head"}
	})
	// The fake's cat prints an empty file: what was synced is nothing, so the first look finds it moved.
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.runs(nil, all, "fetch", "make", "convert.a")
	b.says("fetch", "sources moved: manifest from nothing to 1111")
	if ran, err := b.buildWith(b.plan(nil), builder.Options{KeepSources: true}); err != nil || len(ran) > 0 {
		t.Errorf("to keep what is there it ran %v, %v", ran, err)
	}
	b.runs(map[string][]string{"pin": {"1.0.0"}}, all, "fetch", "make", "convert.a") // the definition says what floats
	b.runs(map[string][]string{"pin": {"1.0.0"}}, all)
}

// The fake has a TiB.
func TestRoomIsAskedForWhatIsYetToBeMade(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) { r.Disk = map[string]int{"fetch": 600_000, "make": 600_000} })
	ran, err := b.build(nil, all)
	var failed *builder.StepError
	if !errors.As(err, &failed) || failed.Step != "fetch" || failed.Result.ExitCode != 74 {
		t.Errorf("with too little room for all it ran %v, %v", ran, err)
	}
	b.runs(nil, builder.Selection{Until: "fetch"}, "fetch")
	b.runs(nil, all, "make", "convert.a")
	b.runs(nil, builder.Selection{Force: true}, "fetch", "make", "convert.a") // in the place of what is there
}

func TestAPreviewTellsWhatABuildWouldDo(t *testing.T) {
	b := newBuilds(t, nil)
	preview := func(options map[string][]string) []string {
		verdicts, err := builder.Preview(context.Background(), b.engine, b.plan(options), builder.Known{})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, v := range verdicts {
			said = append(said, fmt.Sprintf("%s %s %v: %s", v.Step, v.State, v.Runs, v.Reason))
		}
		return said
	}
	want := []string{
		"fetch never run true: it has never run",
		"make never run true: it has never run",
		"convert.a never run true: it has never run",
	}
	if got := preview(nil); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if _, err := b.engine.Look(context.Background(), "chain"); !errors.Is(err, builder.ErrNoWorkspace) {
		t.Error("the preview made a workspace")
	}
	b.runs(nil, all, "fetch", "make", "convert.a")
	want = []string{
		"fetch up to date false: ",
		"make stale true: command changed: hello is now bye",
		"convert.a stale true: an earlier step runs: make",
	}
	if got := preview(map[string][]string{"word": {"bye"}}); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// Where somebody else runs an earlier step anew while a build goes on, it goes back to that: what it ends with is its own.
func TestABuildGoesBackToWhatOthersUndid(t *testing.T) {
	for times, wanted := range map[int]string{1: "", 99: "step make was run again by others 10 times while this build went on: let one of you build at a time"} {
		b := newBuilds(t, func(r *builder.Recipe) { r.Phases[2].Needs = []string{"make"} })
		var ran []string
		others := 0
		err := builder.Build(context.Background(), b.engine, b.plan(nil), builder.Options{Events: func(e builder.Event) {
			if e.Kind != builder.Finished {
				return
			}
			ran = append(ran, e.Step)
			if e.Step == "make" && others < times {
				others++
				if _, err := b.build(map[string][]string{"word": {"bye"}}, builder.Selection{Only: "make"}); err != nil {
					t.Error(err)
				}
			}
		}})
		if wanted != "" {
			if err == nil || err.Error() != wanted {
				t.Errorf("got %v", err)
			}
			continue
		}
		if err != nil || !slices.Equal(ran, []string{"fetch", "make", "convert.a", "make", "convert.a"}) {
			t.Errorf("ran %v, %v", ran, err)
		}
	}
}

// What fetches things is begun again when it fails, with longer and longer pauses; nothing else is.
func TestOnlyWhatFetchesIsTriedAgain(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Phases[0].Network = true
		r.Phases[0].Run[0].Argv = []string{"cat", "there"}
		r.Phases[1].Run[0].Argv = []string{"false"}
	})
	tries := builder.Options{Retries: 2, Pause: time.Millisecond}
	got, err := b.buildWith(b.plan(nil), tries)
	var step *builder.StepError
	if !errors.As(err, &step) || !slices.Equal(got, []string{"fetch", "fetch", "fetch"}) {
		t.Errorf("ran %v, %v", got, err)
	}
	b.recipe.Phases[0].Run[0].Argv = []string{"true"}
	if got, err = b.buildWith(b.plan(nil), tries); !errors.As(err, &step) || !slices.Equal(got, []string{"fetch", "make"}) {
		t.Errorf("ran %v, %v", got, err)
	}
}

// A pause can be interrupted.
func TestAPauseEndsAtAnInterrupt(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Phases[0].Network = true
		r.Phases[0].Run[0].Argv = []string{"false"}
	})
	interrupt := make(chan struct{})
	noted := make(chan struct{}, 1)
	go func() { <-noted; interrupt <- struct{}{} }()
	err := builder.Build(context.Background(), b.engine, b.plan(nil), builder.Options{
		Retries: 1, Pause: time.Hour, Interrupt: interrupt,
		Events: func(e builder.Event) {
			if e.Kind == builder.Noted {
				noted <- struct{}{}
			}
		},
	})
	var stopped *builder.StoppedError
	if !errors.As(err, &stopped) {
		t.Errorf("got %v", err)
	}
}

// Another plan's step is waited for, when that is wanted.
func TestABuildWaitsForAnother(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) { r.Phases[1].Run[0].Argv = []string{"sleep", "{{.word}}"} })
	first := make(chan error, 1)
	running := make(chan struct{})
	go func() {
		first <- builder.Build(context.Background(), b.engine, b.plan(nil), builder.Options{Events: func(e builder.Event) {
			if e.Kind == builder.Printed && e.Step == "make" {
				close(running)
			}
		}})
	}()
	<-running
	var busy *builder.BusyError
	if _, err := b.build(map[string][]string{"word": {"other"}}, builder.Selection{Until: "make"}); !errors.As(err, &busy) {
		t.Errorf("got %v", err)
	}
	waiting := make(chan struct{})
	second := make(chan error, 1)
	go func() {
		second <- builder.Build(context.Background(), b.engine, b.plan(map[string][]string{"word": {"other"}}), builder.Options{
			Wait: true, Selection: builder.Selection{Until: "make"}, Events: func(e builder.Event) {
				switch {
				case e.Kind == builder.Noted:
					close(waiting)
				case e.Kind == builder.Printed && e.Step == "make":
					_ = b.engine.Stop(context.Background(), "chain", false)
				}
			}})
	}()
	<-waiting
	if err := b.engine.Stop(context.Background(), "chain", false); err != nil {
		t.Fatal(err)
	}
	var step *builder.StepError
	if err := <-first; !errors.As(err, &step) || step.Step != "make" {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; !errors.As(err, &step) || step.Step != "make" {
		t.Errorf("the second: %v", err)
	}
}

// Without a network nothing begins that would need one, and all that is missing is named.
func TestOfflineSaysAllThatIsMissing(t *testing.T) {
	b := newBuilds(t, func(r *builder.Recipe) {
		r.Phases[0].Network = true
		r.Phases[1].Network, r.Phases[1].Offline = true, []string{"cat", "{{.word}}"}
	})
	missing := func(want string) {
		t.Helper()
		_, err := b.buildWith(b.plan(map[string][]string{"word": {"tarball"}}), builder.Options{Offline: true})
		var input *builder.InputError
		if !errors.As(err, &input) || err.Error() != "offline is not possible here: "+want {
			t.Errorf("got %v", err)
		}
	}
	missing("step fetch has to fetch things (it has never run); step make has to fetch things (it has never run)")
	b.runs(map[string][]string{"word": {"tarball"}}, builder.Selection{Until: "fetch"}, "fetch")
	missing("cat ended with exit code 1")
	b.recipe.Phases[1].Offline = []string{"true"}
	got, err := b.buildWith(b.plan(map[string][]string{"word": {"tarball"}}), builder.Options{Offline: true})
	if err != nil || !slices.Equal(got, []string{"make", "convert.a"}) {
		t.Errorf("ran %v, %v", got, err)
	}
}
