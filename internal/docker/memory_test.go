package docker_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// A step that is killed because memory ran out is told apart from one that fails, and from one that was stopped.
func TestAStepThatRunsOutOfMemorySaysSo(t *testing.T) {
	engine := dockertest.Connect(t)
	plan := dockertest.PrepareDemo(t, engine, "memory")
	greedy := builder.Step{Name: "greedy", Definition: builder.Definition{Image: plan.Image.Tag, Commands: [][]string{
		{"sh", "-c", "mkfifo start && cat start && exec tail /dev/zero"},
	}}}
	began := make(chan struct{})
	results := make(chan builder.Result, 1)
	go func() {
		first := true
		result, err := engine.Run(t.Context(), plan, greedy, builder.Order{}, func(time.Time, []byte) {
			if first {
				close(began)
			}
			first = false
		})
		if err != nil {
			t.Error(err)
		}
		results <- result
	}()
	<-began
	const limit = 64 << 20
	_, err := engine.API().ContainerUpdate(t.Context(), "coreos-builder."+plan.Workspace, container.UpdateConfig{
		Resources: container.Resources{Memory: limit, MemorySwap: limit}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code, err := engine.Shell(t.Context(), plan, []string{"sh", "-c", "until [ -p start ]; do :; done; echo >start"}, "test",
		docker.Terminal{In: &bytes.Buffer{}, Out: &out, Err: &out})
	if code != 0 || err != nil {
		t.Fatalf("exit code %d, %v, %s", code, err, out.String())
	}
	if result := <-results; !result.OOMKilled || result.ExitCode != 137 || result.Stopped() {
		t.Errorf("got %+v", result)
	}
	w, err := engine.Look(t.Context(), plan.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := builder.Judge(builder.Plan{Steps: []builder.Step{greedy}}, w, builder.Known{})
	if err != nil || verdicts[0].Reason != "its last run ran out of memory" {
		t.Errorf("got %+v, %v", verdicts, err)
	}
}
