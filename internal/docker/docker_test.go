package docker_test

import (
	"os"
	"testing"

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
