package enginetest

import (
	"errors"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// parallel is a step that others of its phase may run beside.
func (b *bench) parallel(phase, name string, commands ...[]string) builder.Step {
	step := b.step(name, commands...)
	step.Phase, step.Parallel = phase, true
	return seal(step)
}

func beside(b *bench) {
	b.prepare()
	one, two := b.parallel("convert", "convert.one", loud, forever), b.parallel("convert", "convert.two", loud, forever)
	_, results, failures := b.background(b.context(), one)
	out, results2, failures2 := b.background(b.context(), two)
	again, results3, failures3 := b.background(b.context(), two)
	w := b.look()
	for _, step := range []builder.Step{one, two} {
		b.equal("state of "+step.Name, w.Runs[step.Name].State, builder.RunRunning)
	}
	b.stop(false)
	b.equal("one", b.await(results, failures).ExitCode, 143)
	second, third := b.await(results2, failures2), b.await(results3, failures3)
	b.equal("two", second.ExitCode, 143)
	b.equal("the same step is followed", second.Followed != third.Followed, true)
	b.equal("what it printed", out.String(), again.String())
	b.runs(b.step("other", loud))
	b.runs(b.parallel("convert", "convert.one", loud))
}

func besideNoOther(b *bench) {
	b.prepare()
	refused := func(step builder.Step, by string) {
		b.Helper()
		_, err := b.engine.Run(b.context(), b.plan, step, builder.Order{}, func(time.Time, []byte) {})
		var busy *builder.BusyError
		if !errors.As(err, &busy) {
			b.Fatalf("got %v, want a *BusyError", err)
		}
		b.equal("what runs", busy.Run.Step, by)
	}
	parallel := b.parallel("convert", "convert.one", loud, forever)
	_, results, failures := b.background(b.context(), parallel)
	refused(b.step("other", loud), parallel.Name)
	refused(b.parallel("compress", "compress.one", loud), parallel.Name)
	refused(b.parallel("convert", "convert.one", loud), parallel.Name)
	b.stop(true)
	b.await(results, failures)
	_, results, failures = b.background(b.context(), b.step("other", loud, forever))
	refused(parallel, "other")
	b.stop(false)
	b.await(results, failures)
	b.equal("stamps", len(b.look().Stamps), 0)
}
