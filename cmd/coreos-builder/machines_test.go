package main

import (
	"context"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/rogpeppe/go-internal/testscript"
)

// machines are how many machines of the workspace there are, of those that run or of all.
func (b *bench) machines(ts *testscript.TestScript, running bool) int {
	ours := filters.NewArgs(filters.Arg("label", "coreos-builder.workspace="+b.workspace), filters.Arg("label", "coreos-builder.kind=machine"))
	if running {
		ours.Add("status", string(container.StateRunning))
	}
	all, err := b.engine.API().ContainerList(context.Background(), container.ListOptions{All: true, Filters: ours})
	ts.Check(err)
	return len(all)
}

// awaitMachines waits until one runs, or there is none.
func (b *bench) awaitMachines(ts *testscript.TestScript, count int, complaint string) {
	for deadline := time.Now().Add(patience); b.machines(ts, count > 0) != count; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s", complaint)
		}
	}
}

// machine-runs: waits until a machine runs.
func machineRuns(ts *testscript.TestScript, b *bench, _ []string) {
	b.awaitMachines(ts, 1, "there is no machine")
}

// no-machine: waits until there is no machine.
func noMachine(ts *testscript.TestScript, b *bench, _ []string) {
	b.awaitMachines(ts, 0, "a machine is left")
}
