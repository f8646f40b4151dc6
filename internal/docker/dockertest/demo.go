package dockertest

import (
	"context"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// DemoPlan is the plan of the demo, whose image the tests run in.
func DemoPlan(t testing.TB) builder.Plan {
	t.Helper()
	demo, err := recipe.Load("demo")
	must(t, err)
	plan, err := builder.Compile(demo, builder.Config{})
	must(t, err)
	return plan
}

// PrepareDemo is the plan of the demo in a workspace of the test's own, which goes with it.
func PrepareDemo(t testing.TB, engine *docker.Engine, name string) builder.Plan {
	t.Helper()
	plan := DemoPlan(t)
	plan.Workspace = Workspaces + name
	t.Cleanup(func() {
		if err := engine.Remove(context.Background(), plan.Workspace); err != nil {
			t.Error(err)
		}
	})
	must(t, engine.Prepare(t.Context(), plan, func(string) {}))
	return plan
}
