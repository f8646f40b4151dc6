package docker_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// A step that is killed leaves no loop device attached, and takes nobody else's; nor does one that ends by itself.
func TestLoopDevicesGoWithTheirStep(t *testing.T) {
	engine := dockertest.Connect(t)
	mine, other := newAttached(t, engine, "mine"), newAttached(t, engine, "other")
	if got := mine.attached(); !strings.Contains(got, "/mine.img") || !strings.Contains(got, "/other.img") {
		t.Fatalf("attached are %s", got)
	}
	if code := mine.stop(true); code != 137 {
		t.Errorf("exit code %d", code)
	}
	if got := mine.attached(); strings.Contains(got, "/mine.img") || !strings.Contains(got, "/other.img") {
		t.Errorf("after the one was killed, attached are %s", got)
	}
	if code := other.stop(false); code != 143 {
		t.Errorf("exit code %d", code)
	}
	if got := mine.attached(); strings.Contains(got, "/other.img") {
		t.Errorf("after the other was stopped, attached are %s", got)
	}
}

// attaches tidies up when it is asked to end, as upstream's scripts do: it removes the file, and forgets the device.
const attaches = `trap 'rm -f "$1"; exit 1' TERM
truncate -s 1M "$1" && losetup --find "$1" && echo attached && sleep 3600 & wait`

// attached is a workspace whose step has attached a loop device, and runs.
type attached struct {
	*testing.T
	engine  *docker.Engine
	plan    builder.Plan
	results chan builder.Result
}

func newAttached(t *testing.T, engine *docker.Engine, name string) *attached {
	t.Helper()
	a := &attached{t, engine, dockertest.PrepareDemo(t, engine, "loops-"+name), make(chan builder.Result, 1)}
	step := builder.Step{Name: "attaches", Definition: builder.Definition{Image: a.plan.Image.Tag, Privileged: true, HostDevices: true,
		Commands: [][]string{{"sudo", "bash", "-c", attaches, "attaches", name + ".img"}}}}
	ready := make(chan struct{}, 1)
	go func() {
		result, err := engine.Run(t.Context(), a.plan, step, builder.Order{}, func(_ time.Time, text []byte) {
			if string(text) == "attached\n" {
				ready <- struct{}{}
			}
		})
		if err != nil {
			t.Error(err)
		}
		a.results <- result
	}()
	select {
	case <-ready:
	case result := <-a.results:
		t.Fatalf("the step ended: %+v", result)
	}
	return a
}

func (a *attached) stop(kill bool) int {
	if err := a.engine.Stop(a.Context(), a.plan.Workspace, kill); err != nil {
		a.Fatal(err)
	}
	return (<-a.results).ExitCode
}

// attached are the files behind the loop devices of the engine's host.
func (a *attached) attached() string {
	var out bytes.Buffer
	_, err := a.engine.Shell(a.Context(), a.plan, []string{"sh", "-c", "cat /sys/block/loop*/loop/backing_file 2>/dev/null; true"}, "test",
		docker.Terminal{In: &bytes.Buffer{}, Out: &out, Err: &out})
	if err != nil {
		a.Fatal(err)
	}
	return out.String()
}
