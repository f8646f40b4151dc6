package docker_test

import (
	"context"
	"os"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/enginetest"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// connect is the engine to test on. Without one the test is skipped or, with REQUIRE_DOCKER=1, fails.
func connect(t *testing.T) *docker.Engine {
	t.Helper()
	engine, err := docker.Connect(context.Background(), docker.Address{})
	if err != nil {
		if os.Getenv("REQUIRE_DOCKER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

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
	engine, plan := connect(t), demoPlan(t)
	enginetest.Conform(t, engine, plan.Image, plan.Dir)
}
