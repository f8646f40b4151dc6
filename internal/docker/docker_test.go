package docker_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
	"github.com/coreos-builder/coreos-builder/internal/enginetest"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

func TestMain(m *testing.M) { os.Exit(dockertest.Guard(m).Run()) }

// demoPlan is the plan of the demo, whose image the tests run in.
func demoPlan(t *testing.T) builder.Plan {
	t.Helper()
	r, err := recipe.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := builder.Compile(r, builder.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestDockerConforms(t *testing.T) {
	engine, plan := dockertest.Connect(t), demoPlan(t)
	enginetest.Conform(t, engine, plan.Image, plan.Dir)
}

// What is in the cache is there for all workspaces, and belongs to those who work there.
func TestWorkspacesShareTheCache(t *testing.T) {
	engine := dockertest.Connect(t)
	for i, command := range [][]string{{"touch", ".cache/shared-by-tests"}, {"rm", ".cache/shared-by-tests"}} {
		plan := demoPlan(t)
		plan.Workspace = fmt.Sprint(dockertest.Workspaces, "cache-", i)
		t.Cleanup(func() {
			if err := engine.Remove(context.Background(), plan.Workspace); err != nil {
				t.Error(err)
			}
		})
		if err := engine.Prepare(t.Context(), plan, func(string) {}); err != nil {
			t.Fatal(err)
		}
		step := builder.Step{Name: "uses", Definition: builder.Definition{Image: plan.Image.Tag, Commands: [][]string{command}}}
		result, err := engine.Run(t.Context(), plan, step, builder.Order{}, func(time.Time, []byte) {})
		if err != nil || result.ExitCode != 0 {
			t.Errorf("%v: %+v, %v", command, result, err)
		}
	}
}
