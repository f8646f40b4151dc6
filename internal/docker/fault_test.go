package docker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// broken is a second engine that faults are made on, and a plan whose steps run in its one image.
func broken(t *testing.T, disk string) (dockertest.Second, *docker.Engine, builder.Plan) {
	second := dockertest.StartSecond(t, dockertest.Connect(t), disk)
	second.Use(t)
	engine, err := docker.Connect(t.Context(), docker.Address{Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	plan := dockertest.DemoPlan(t)
	plan.Workspace, plan.Image.Tag = dockertest.Workspaces+"fault", "debian:bookworm-slim"
	plan.Dir, plan.Cache = "/srv", ""
	if err := engine.Prepare(t.Context(), plan, func(string) {}); err != nil {
		t.Fatal(err)
	}
	return second, engine, plan
}

func shell(script string) builder.Step {
	return builder.Step{Name: "works", Definition: builder.Definition{Image: "debian:bookworm-slim", Commands: [][]string{{"sh", "-c", script}}}}
}

// An engine that is killed while a step runs is waited for; the step has failed, for a reason, and can run again.
func TestAnEngineThatRestarts(t *testing.T) {
	second, engine, plan := broken(t, "")
	var notices []string
	order := builder.Order{Notice: func(text string) { notices = append(notices, text) }}
	crashed := false
	result, err := engine.Run(t.Context(), plan, shell("echo here; exec sleep 3600"), order, func(_ time.Time, text []byte) {
		if string(text) == "here\n" && !crashed {
			crashed = true
			second.Crash(t)
		}
	})
	if err != nil || result.ExitCode == 0 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if len(notices) != 2 || !strings.Contains(notices[0], "the connection to the engine was lost") || !strings.Contains(notices[1], "answers again") {
		t.Errorf("got %q", notices)
	}
	w, err := engine.Look(t.Context(), plan.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := builder.Judge(builder.Plan{Steps: []builder.Step{shell("echo here; exec sleep 3600")}}, w, builder.Known{})
	if err != nil || verdicts[0].State != builder.Failed || !strings.Contains(verdicts[0].Reason, "or the engine was restarted") {
		t.Errorf("got %+v, %v", verdicts, err)
	}
	if result, err = engine.Run(t.Context(), plan, shell("true"), builder.Order{}, func(time.Time, []byte) {}); err != nil || result.ExitCode != 0 {
		t.Errorf("afterwards: %+v, %v", result, err)
	}
}

// A disk that is full is told as that; after room was made, the step runs.
func TestADiskThatIsFull(t *testing.T) {
	second, engine, plan := broken(t, "600M")
	run := func(script string) (int, string, error) {
		var out strings.Builder
		result, err := engine.Run(t.Context(), plan, shell(script), builder.Order{Disk: 1}, func(_ time.Time, text []byte) { out.Write(text) })
		return result.ExitCode, out.String(), err
	}
	code, out, err := run("cat /dev/zero >big")
	if code != 74 || err != nil {
		t.Errorf("exit code %d, %v: %s", code, err, out)
	}
	for _, wanted := range []string{"the engine's disk is full: ", "MiB are left", "Make room on it"} {
		if !strings.Contains(out, wanted) {
			t.Errorf("%q is not in %s", wanted, out)
		}
	}
	if _, _, err := run("true"); err == nil || !strings.Contains(err.Error(), "the engine's disk is full: make room on it") {
		t.Errorf("while it is full: %v", err)
	}
	second.Exec(t, "sh", "-c", "rm /var/lib/docker/volumes/coreos-builder."+plan.Workspace+"/_data/big")
	if code, out, err := run("true"); code != 0 || err != nil {
		t.Errorf("after room was made: exit code %d, %v: %s", code, err, out)
	}
}
