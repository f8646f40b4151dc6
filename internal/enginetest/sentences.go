package enginetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

func noWorkspace(b *bench) {
	_, err := b.engine.Look(b.context(), b.plan.Workspace)
	b.equal("ErrNoWorkspace", errors.Is(err, builder.ErrNoWorkspace), true)
}

func madeAndRemoved(b *bench) {
	b.prepare()
	b.prepare()
	w := b.look()
	b.equal("name", w.Name, b.plan.Workspace)
	b.equal("recipe", w.Recipe, "conformance")
	b.equal("stamps", len(w.Stamps), 0)
	for range 2 {
		if err := b.engine.Remove(b.context(), b.plan.Workspace); err != nil {
			b.Fatal(err)
		}
		noWorkspace(b)
	}
}

func stamped(b *bench) {
	b.prepare()
	first := b.runs(b.step("first", loud))
	step := b.step("second", loud)
	step.Needs = []string{"first"}
	stamp := b.runs(step)
	b.equal("step", stamp.Step, "second")
	b.equal("digest", stamp.Digest, step.Digest)
	b.equal("definition", string(stamp.Definition), string(step.Encode()))
	b.equal("after", stamp.After["first"], first.Run)
	b.equal("times in order", stamp.Finished.Before(stamp.Started), false)
	b.equal("times now", time.Since(stamp.Finished) < patience, true)
	b.equal("unfinished", b.look().Unfinished["second"], false)
	result, _ := b.run(step, builder.Order{Run: "mine"})
	b.equal("exit code", result.ExitCode, 0)
	b.equal("the run's name", b.look().Stamps["second"].Run, "mine")
}

func notStamped(b *bench) {
	b.prepare()
	result, out := b.run(b.step("breaks", loud, []string{"sh", "-c", "exit 7"}, []string{"echo", "never"}), builder.Order{})
	b.equal("exit code", result.ExitCode, 7)
	b.equal("later commands are not run", strings.Contains(out, "never"), false)
	w := b.look()
	_, done := w.Stamps["breaks"]
	b.equal("stamp", done, false)
	b.equal("unfinished", w.Unfinished["breaks"], true)
	run := w.Runs["breaks"]
	b.equal("state", run.State, builder.RunExited)
	b.equal("exit code of the run", run.ExitCode, 7)
	b.equal("client", run.Client, "tester@bench")
	b.equal("times", run.Started.IsZero() || run.Finished.Before(run.Started), false)
}

func stampGoes(b *bench) {
	b.prepare()
	b.runs(b.step("turns", loud))
	result, _ := b.run(b.step("turns", []string{"false"}), builder.Order{})
	b.equal("exit code", result.ExitCode, 1)
	_, done := b.look().Stamps["turns"]
	b.equal("stamp", done, false)
}

func forgets(b *bench) {
	b.prepare()
	b.run(b.step("turns", []string{"false"}), builder.Order{})
	b.runs(b.step("turns", loud))
	w := b.look()
	b.equal("exit code of the run", w.Runs["turns"].ExitCode, 0)
	b.equal("unfinished", w.Unfinished["turns"], false)
}

func allArrives(b *bench) {
	b.prepare()
	_, out := b.run(b.step("talks", []string{"seq", "20000"}), builder.Order{})
	b.equal("as it was printed", out == lines(20000), true)
}

func unendedLine(b *bench) {
	b.prepare()
	_, out := b.run(b.step("talks", []string{"printf", `one\ntwo`}), builder.Order{})
	b.equal("output", strings.TrimSuffix(out, "\n"), "one\ntwo")
}

func silent(b *bench) {
	b.prepare()
	_, out := b.run(b.step("quiet", []string{"true"}), builder.Order{})
	b.equal("output", out, "")
	b.equal("digest", b.look().Stamps["quiet"].Digest, b.step("quiet", []string{"true"}).Digest)
}

func followed(b *bench) {
	b.prepare()
	step := b.step("long", loud, forever)
	first, results, failures := b.background(b.context(), step)
	second, results2, failures2 := b.background(b.context(), step)
	b.stop(false)
	one, two := b.await(results, failures), b.await(results2, failures2)
	b.equal("followed", one.Followed != two.Followed, true)
	b.equal("exit codes", one.ExitCode, two.ExitCode)
	b.equal("outputs", first.String(), second.String())
}

func busy(b *bench) {
	b.prepare()
	_, results, failures := b.background(b.context(), b.step("long", loud, forever))
	for _, step := range []builder.Step{b.step("other", loud), b.step("long", loud, []string{"sleep", "7200"})} {
		_, err := b.engine.Run(b.context(), b.plan, step, builder.Order{}, func(time.Time, []byte) {})
		var busy *builder.BusyError
		if !errors.As(err, &busy) {
			b.Fatalf("got %v, want a *BusyError", err)
		}
		b.equal("who", busy.Run.Client, "other@bench")
		b.equal("what", busy.Run.Step, "long")
	}
	b.stop(false)
	b.await(results, failures)
	b.runs(b.step("other", loud))
}

func goesOn(b *bench) {
	b.prepare()
	step := b.step("long", loud, forever)
	ctx, cancel := context.WithCancel(b.context())
	_, _, failures := b.background(ctx, step)
	cancel()
	select {
	case err := <-failures:
		b.equal("canceled", errors.Is(err, context.Canceled), true)
	case <-time.After(patience):
		b.Fatal("the call did not return")
	}
	b.equal("state", b.look().Runs["long"].State, builder.RunRunning)
	out, results, failures := b.background(b.context(), step)
	b.stop(false)
	b.equal("followed", b.await(results, failures).Followed, true)
	b.equal("output from the beginning", strings.HasPrefix(out.String(), "here\n"), true)
}

func stops(b *bench)  { ends(b, false, 143) }
func killed(b *bench) { ends(b, true, 137) }

func ends(b *bench, kill bool, code int) {
	b.prepare()
	_, results, failures := b.background(b.context(), b.step("long", loud, forever, []string{"echo", "never"}))
	b.stop(kill)
	b.equal("exit code", b.await(results, failures).ExitCode, code)
	w := b.look()
	b.equal("stamps", len(w.Stamps), 0)
	b.equal("unfinished", w.Unfinished["long"], true)
}

func endsUnheard(b *bench) {
	b.prepare()
	for times, code := range map[int]int{1: 143, 2: 137} {
		result, _ := b.run(b.step("long", loud, forever), builder.Order{Interrupts: func() int { return times }})
		b.equal("exit code", result.ExitCode, code)
	}
}

func runsAgain(b *bench) {
	b.prepare()
	_, results, failures := b.background(b.context(), b.step("long", loud, forever))
	b.stop(true)
	b.await(results, failures)
	b.runs(b.step("long", loud))
}

func stopsNothing(b *bench) {
	b.stop(false)
	b.prepare()
	b.stop(true)
	b.runs(b.step("quick", loud))
	b.stop(false)
}

func readsSecret(b *bench) {
	b.prepare()
	step := b.step("reads", []string{"cat"})
	step.Stdin = &builder.Stdin{Secret: "password", As: "line"}
	step = seal(step)
	_, out := b.run(step, builder.Order{Stdin: []byte("  pa$$ 'word' \\\n"), Verifier: "some:verifier"})
	b.equal("read", out, "  pa$$ 'word' \\\n")
	b.equal("verifier", b.look().Stamps["reads"].Verifier, "some:verifier")
}

func plannedOn(b *bench) {
	b.prepare()
	needed, step := b.step("needed", loud), b.step("on-it", loud)
	step.Needs = []string{"needed"}
	result, _ := b.run(step, builder.Order{})
	b.equal("exit code without what it needs", result.ExitCode, 75)
	before := b.runs(needed).Run
	b.run(step, builder.Order{After: map[string]string{"needed": before}})
	stamp := b.look().Stamps["on-it"]
	b.runs(needed)
	result, _ = b.run(step, builder.Order{After: map[string]string{"needed": before}})
	b.equal("exit code on another run", result.ExitCode, 75)
	b.equal("the stamp stays", b.look().Stamps["on-it"].Run, stamp.Run)
}

func recovers(b *bench) {
	b.prepare()
	step := func(last ...string) builder.Step {
		step := b.step("heals", loud, last)
		step.Recover = [][]string{{"echo", "healing"}}
		return seal(step)
	}
	for i, want := range []struct {
		command string
		heals   bool
	}{{"true", false}, {"true", false}, {"false", false}, {"false", true}, {"true", true}, {"true", false}} {
		_, out := b.run(step(want.command), builder.Order{})
		if strings.Contains(out, "healing") != want.heals {
			b.Errorf("run %d: got %q, recover %v", i, out, want.heals)
		}
	}
}

func fetched(b *bench) {
	b.prepare()
	step := b.step("fetches", loud)
	step.Sources = &builder.Sources{Synced: []string{"printf", `one 1a\ntwo 2b\n`}}
	sources := b.runs(seal(step)).Sources
	if len(sources) != 2 || sources[0] != (builder.Revision{Name: "one", Revision: "1a"}) || sources[1].Revision != "2b" {
		b.Errorf("got %v", sources)
	}
}

func (b *bench) filesStep(content string) (builder.Step, builder.Order) {
	step := b.step("takes", []string{"cat", builder.StateDir + "/inputs/x/data/a/b.txt"}, []string{"cat", builder.StateDir + "/inputs/y/one"})
	step.Inputs = []builder.Input{
		{Option: "data", Path: builder.StateDir + "/inputs/x/data", Files: []builder.File{file("a/b.txt", "in a directory\n")}},
		{Option: "one", Path: builder.StateDir + "/inputs/y/one", Files: []builder.File{file("", "by itself\n")}},
	}
	return seal(step), builder.Order{Open: contents(map[string]string{"data/a/b.txt": content, "one": "by itself\n"})}
}

func findsFiles(b *bench) {
	b.prepare()
	for range 2 {
		_, out := b.run(b.filesStep("in a directory\n"))
		b.equal("contents", out, "in a directory\nby itself\n")
	}
}

func changedFile(b *bench) {
	if _, ok := b.engine.(*Fake); ok {
		b.Skip("the fake believes what it is given")
	}
	b.prepare()
	step, order := b.filesStep("something else\n")
	_, err := b.engine.Run(b.context(), b.plan, step, order, func(time.Time, []byte) {})
	b.equal("refused", err != nil, true)
	b.runs(b.step("next", loud)) // nothing stands in its way
}

func filesStay(b *bench) {
	b.prepare()
	b.runs(b.step("writes", []string{"touch", "kept"}))
	b.runs(b.step("reads", []string{"cat", "kept"}))
	b.runs(b.step("removes", []string{"rm", "-f", "kept"}))
	result, _ := b.run(b.step("reads", []string{"cat", "kept"}), builder.Order{})
	b.equal("exit code", result.ExitCode, 1)
}

func race(b *bench) {
	b.prepare()
	step := b.step("once", loud, forever)
	const clients = 4
	type following struct {
		out      *printed
		results  <-chan builder.Result
		failures <-chan error
	}
	all := make(chan following, clients)
	for range clients {
		go func() {
			out, results, failures := b.background(b.context(), step)
			all <- following{out, results, failures}
		}()
	}
	var racing []following
	for range clients {
		racing = append(racing, <-all)
	}
	b.stop(false)
	started := 0
	for _, f := range racing {
		if !b.await(f.results, f.failures).Followed {
			started++
		}
		b.equal("output", f.out.String(), racing[0].out.String())
	}
	b.equal("starts", started, 1)
}

func removedRunning(b *bench) {
	b.prepare()
	b.background(b.context(), b.step("long", loud, forever))
	if err := b.engine.Remove(b.context(), b.plan.Workspace); err != nil {
		b.Fatal(err)
	}
	noWorkspace(b)
}

func asks(b *bench) {
	b.prepare()
	out, err := b.engine.Ask(b.context(), b.plan, []string{"echo", "a  b"})
	b.equal("error", err, nil)
	b.equal("answer", string(out), "a  b\n")
	if _, err = b.engine.Ask(b.context(), b.plan, []string{"false"}); err == nil {
		b.Error("a command that fails is no error")
	}
	w := b.look()
	b.equal("stamps", len(w.Stamps), 0)
	b.equal("runs", len(w.Runs), 0)
}

func asksWithoutImage(b *bench) {
	b.plan.Image.Tag = "coreos-builder/none:" + b.plan.Workspace
	_, err := b.engine.Ask(b.context(), b.plan, []string{"true"})
	b.equal("ErrNoImage", errors.Is(err, builder.ErrNoImage), true)
}

func ended(b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.prepare()
	if _, err := b.engine.Run(ctx, b.plan, b.step("late", loud), builder.Order{}, func(time.Time, []byte) {}); !errors.Is(err, context.Canceled) {
		b.Errorf("got %v, want the context's error", err)
	}
	b.runs(b.step("later", loud))
}

func apart(b *bench) {
	b.prepare()
	other := *b
	other.plan.Workspace += "-2"
	b.Cleanup(func() { _ = b.engine.Remove(context.Background(), other.plan.Workspace) })
	other.prepare()
	b.runs(b.step("mine", []string{"touch", "mine"}))
	b.equal("stamps of the other", len(other.look().Stamps), 0)
	result, _ := other.run(b.step("looks", []string{"cat", "mine"}), builder.Order{})
	b.equal("exit code", result.ExitCode, 1)
}

func otherRun(b *bench) {
	b.prepare()
	first := b.runs(b.step("again", loud)).Run
	b.equal("another run", b.runs(b.step("again", loud)).Run != first, true)
}

func tellsLast(b *bench) {
	b.prepare()
	_, any := b.look().Last()
	b.equal("before anything ran", any, false)
	b.plan.Config.Options = map[string][]string{"board": {"first"}}
	b.runs(b.step("one", loud))
	b.plan.Config.Options = map[string][]string{"board": {"second"}}
	b.run(b.step("two", []string{"false"}), builder.Order{})
	last, any := b.look().Last()
	b.equal("any", any, true)
	if got := last.Options["board"]; len(got) != 1 || got[0] != "second" {
		b.Errorf("got %v", got)
	}
}
