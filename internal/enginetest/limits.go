package enginetest

import (
	"context"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

func notTwice(b *bench) {
	b.prepare()
	step := b.step("once", loud)
	order := builder.Order{Replaces: builder.NoRun}
	result, _ := b.run(step, order)
	b.equal("exit code the first time", result.ExitCode, 0)
	stamp := b.look().Stamps["once"]
	result, _ = b.run(step, order)
	b.equal("exit code when somebody was faster", result.ExitCode, 75)
	b.equal("the stamp stays", b.look().Stamps["once"].Run, stamp.Run)
	result, _ = b.run(step, builder.Order{Replaces: stamp.Run})
	b.equal("exit code when nobody was", result.ExitCode, 0)
}

func late(b *bench) {
	b.prepare()
	step := b.step("long", loud, forever)
	step.TimeLimit = 1
	result, _ := b.run(step, builder.Order{})
	b.equal("exit code", result.ExitCode, 124)
	b.equal("stamps", len(b.look().Stamps), 0)
	step.Commands = [][]string{loud}
	step = seal(step)
	step.TimeLimit = 3600
	b.runs(step)
}

func noRoom(b *bench) {
	b.prepare()
	stamp := b.runs(b.step("large", loud))
	result, _ := b.run(b.step("large", loud), builder.Order{Disk: 1 << 40})
	b.equal("exit code", result.ExitCode, 74)
	w := b.look()
	b.equal("the stamp stays", w.Stamps["large"].Run, stamp.Run)
	b.equal("unfinished", w.Unfinished["large"], false)
	if result, out := b.run(b.step("large", loud), builder.Order{Disk: 1}); result.ExitCode != 0 {
		b.Errorf("exit code %d: %s", result.ExitCode, out)
	}
}

func awaited(b *bench) {
	b.prepare()
	if err := b.engine.Await(b.context(), b.plan.Workspace); err != nil {
		b.Fatal(err)
	}
	_, results, failures := b.background(b.context(), b.step("long", loud, forever))
	ctx, cancel := context.WithCancel(b.context())
	cancel()
	b.equal("who gives up", b.engine.Await(ctx, b.plan.Workspace), context.Canceled)
	waiting := make(chan error, 1)
	go func() { waiting <- b.engine.Await(b.context(), b.plan.Workspace) }()
	b.stop(false)
	b.await(results, failures)
	select {
	case err := <-waiting:
		b.equal("error", err, nil)
	case <-time.After(patience):
		b.Fatal("it still waits")
	}
	b.equal("state", b.look().Runs["long"].State, builder.RunExited)
}

func withoutRights(b *bench) {
	b.prepare()
	step := b.step("modest", loud, []string{"touch", "mine"})
	step.Rights = &builder.Rights{}
	b.runs(seal(step))
}
