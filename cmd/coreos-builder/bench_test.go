package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

const benchWorkspace = dockertest.Workspaces + "bench"

// BenchmarkDemo measures whole commands on the built demo against docker's own, in turns, and reports the ratio of their
// times: below 1 is faster than docker.
func BenchmarkDemo(b *testing.B) {
	dockertest.Connect(b)
	directory := b.TempDir()
	program := filepath.Join(directory, "coreos-builder")
	call(b, "go", "build", "-o", program, ".")
	build := []string{program, "build", "--recipe", "demo", "--workspace", benchWorkspace, "--format", "qemu,raw,vmware"}
	call(b, build...)
	b.Cleanup(func() { call(b, program, "clean", benchWorkspace, "--yes") })
	container := "coreos-builder." + benchWorkspace
	image := strings.TrimSpace(call(b, "docker", "inspect", "--format", "{{.Config.Image}}", container+".sync"))
	idle := []string{"docker", "run", "--rm", image, "true"}

	b.Run("NothingToDo/DockerRun", func(b *testing.B) { compare(b, build, idle) })
	b.Run("OneFormat/DockerRun", func(b *testing.B) {
		compare(b, append(build, "--only", "image_to_vm.vmware", "--force"), idle)
	})
	b.Run("Export/DockerCp", func(b *testing.B) {
		compare(b, []string{program, "artifacts", "get", "--workspace", benchWorkspace, filepath.Join(directory, "ours")},
			[]string{"docker", "cp", container + ".keeper:/workspace/src/build/images/amd64-usr/latest/.", filepath.Join(directory, "theirs")})
	})
}

// compare times two commands in turns.
func compare(b *testing.B, ours, theirs []string) {
	var mine, peer time.Duration
	for b.Loop() {
		mine += timed(b, ours)
		b.StopTimer()
		peer += timed(b, theirs)
		b.StartTimer()
	}
	b.ReportMetric(peer.Seconds()/float64(b.N), "peer-s/op")
	b.ReportMetric(mine.Seconds()/float64(b.N), "s/op")
	b.ReportMetric(mine.Seconds()/peer.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op") // the same as s/op
}

func timed(b *testing.B, argv []string) time.Duration {
	start := time.Now()
	call(b, argv...)
	return time.Since(start)
}

func call(b *testing.B, argv ...string) string {
	b.Helper()
	command := exec.Command(argv[0], argv[1:]...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}
