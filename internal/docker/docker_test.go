package docker_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
	"github.com/coreos-builder/coreos-builder/internal/enginetest"
)

func TestMain(m *testing.M) { os.Exit(dockertest.Guard(m).Run()) }

func TestDockerConforms(t *testing.T) {
	conform(t, dockertest.Connect(t))
}

// conform holds an engine against the sentences. Its builder image is made before: they wait for no more than a minute.
func conform(t *testing.T, engine *docker.Engine) {
	plan := dockertest.DemoPlan(t)
	if _, err := engine.Consult(t.Context(), plan, []string{"true"}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, engine, plan.Image, plan.Dir)
}

// The same on an engine of today, which takes minutes to build: only where CURRENT_ENGINE=1 asks for it.
func TestACurrentEngineConforms(t *testing.T) {
	if os.Getenv("CURRENT_ENGINE") != "1" {
		t.Skip("CURRENT_ENGINE=1 asks for it, as make conform does")
	}
	dockertest.StartCurrent(t, dockertest.Connect(t)).Use(t)
	engine := dockertest.Connect(t)
	version, err := engine.API().ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("engine %s, API %s", version.Version, version.APIVersion)
	conform(t, engine)
}

// What is in the cache is there for all workspaces, and belongs to those who work there.
func TestWorkspacesShareTheCache(t *testing.T) {
	engine := dockertest.Connect(t)
	for i, command := range [][]string{{"touch", ".cache/shared-by-tests"}, {"rm", ".cache/shared-by-tests"}} {
		plan := dockertest.PrepareDemo(t, engine, fmt.Sprint("cache-", i))
		step := builder.Step{Name: "uses", Definition: builder.Definition{Image: plan.Image.Tag, Commands: [][]string{command}}}
		result, err := engine.Run(t.Context(), plan, step, builder.Order{}, func(time.Time, []byte) {})
		if err != nil || result.ExitCode != 0 {
			t.Errorf("%v: %+v, %v", command, result, err)
		}
	}
}
