package docker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// An isolated step, and every step of a build without a network, has none; sudo finds the host's name all the same.
func TestAnIsolatedStepHasNoNetwork(t *testing.T) {
	engine := dockertest.Connect(t)
	plan := dockertest.PrepareDemo(t, engine, "isolated")
	for name, it := range map[string]struct{ isolated, offline, alone bool }{
		"isolated": {isolated: true, alone: true}, "offline": {offline: true, alone: true}, "connected": {},
	} {
		step := builder.Step{Name: name, Isolated: it.isolated, Definition: builder.Definition{Image: plan.Image.Tag, Privileged: true,
			Commands: [][]string{{"sh", "-c", "ls /sys/class/net; sudo hostname"}}}}
		var out strings.Builder
		result, err := engine.Run(t.Context(), plan, step, builder.Order{Offline: it.offline}, func(_ time.Time, text []byte) { out.Write(text) })
		if err != nil || result.ExitCode != 0 {
			t.Fatalf("%+v, %v: %s", result, err, out.String())
		}
		_, printed, _ := strings.Cut(out.String(), "\n")
		if alone := printed == "lo\ncoreos-builder\n"; alone != it.alone || !strings.HasSuffix(printed, "\ncoreos-builder\n") {
			t.Errorf("%s: printed %q", name, printed)
		}
	}
}
