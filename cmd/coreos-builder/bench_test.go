package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

const benchWorkspace = dockertest.Workspaces + "bench"

// demoBench is the program, and the demo built by it.
type demoBench struct {
	*testing.B
	program   string
	image     string
	directory string
}

func newBench(b *testing.B) demoBench {
	dockertest.Connect(b)
	m := demoBench{B: b, directory: b.TempDir()}
	m.program = filepath.Join(m.directory, "coreos-builder")
	call(b, "go", "build", "-o", m.program, ".")
	call(b, m.build()...)
	b.Cleanup(func() { call(b, m.program, "clean", benchWorkspace, "--yes") })
	m.image = strings.TrimSpace(call(b, "docker", "inspect", "--format", "{{.Config.Image}}", "coreos-builder."+benchWorkspace+".sync"))
	return m
}

func (m demoBench) build(more ...string) []string {
	return append([]string{m.program, "build", "--recipe", "demo", "--workspace", benchWorkspace, "--format", "qemu,raw,vmware"}, more...)
}

// BenchmarkDemo measures whole commands on the built demo against docker's own, in turns, and reports the ratio of their
// times: below 1 is faster than docker.
func BenchmarkDemo(b *testing.B) {
	m := newBench(b)
	idle := []string{"docker", "run", "--rm", m.image, "true"}
	b.Run("NothingToDo/DockerRun", func(b *testing.B) { turns(b, m.build(), idle) })
	b.Run("ThreeFormats/OneAfterTheOther", func(b *testing.B) {
		again := m.build("--only", "image_to_vm", "--force")
		turns(b, again, append(again, "--parallel", "1"))
	})
	b.Run("ThreeFormats/TheSlowest", func(b *testing.B) {
		turns(b, m.build("--only", "image_to_vm", "--force"), m.build("--only", "image_to_vm.raw", "--force"))
	})
	b.Run("TenSteps/TenDockerRuns", func(b *testing.B) { m.tenSteps(b, false, idle) })
	b.Run("TenIsolatedSteps/TenDockerRuns", func(b *testing.B) { m.tenSteps(b, true, idle) })
}

// tenSteps are steps that do next to nothing; isolated ones have no network.
func (m demoBench) tenSteps(b *testing.B, isolated bool, idle []string) {
	recipe := filepath.Join(b.TempDir(), "ten.yaml")
	text := "name: ten\nabout: ten steps that do nothing\nimage: {name: demo, args: {BASE: debian:bookworm-slim}}\ndir: /home/build/coreos\nartifacts: {dir: ., files: ['*']}\nphases:\n"
	for i := range 10 {
		text += fmt.Sprintf("  - {name: step%d, about: nothing, isolated: %t, run: [{argv: ['true']}]}\n", i, isolated)
	}
	if err := os.WriteFile(recipe, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	workspace := dockertest.Workspaces + "ten"
	ours := []string{m.program, "build", "--recipe", recipe, "--workspace", workspace, "--force"}
	call(b, ours...)
	defer call(b, m.program, "clean", workspace, "--yes")
	theirs := []string{"sh", "-c", `i=0; while [ $i -lt 10 ]; do "$@"; i=$((i+1)); done`, "sh"}
	turns(b, ours, append(theirs, idle...))
}

// BenchmarkExport measures how results come out of a workspace: a large file with holes, and one without.
func BenchmarkExport(b *testing.B) {
	m := newBench(b)
	m.file("sparse", `truncate --size=8G "$1"; for i in $(seq 0 69); do dd if=/dev/urandom of="$1" bs=1M count=10 seek=$((i * 115)) conv=notrunc status=none; done`)
	m.file("dense", `head --bytes=1G /dev/urandom >"$1"`)
	keeper := "coreos-builder." + benchWorkspace + ".keeper"
	latest := "/workspace/src/build/images/amd64-usr/latest/"
	cp := func(name string) []string {
		return []string{"docker", "cp", "--follow-link", keeper + ":" + latest + name, m.path("theirs")}
	}

	b.Run("Sparse8G/DockerCp", func(b *testing.B) { m.export(b, "coreos_sparse.bin", cp("coreos_sparse.bin")) })
	b.Run("Sparse8G/TarSparse", func(b *testing.B) {
		m.export(b, "coreos_sparse.bin", []string{"sh", "-c", `docker run --rm --volume "$1:/workspace" "$2" tar --create --sparse --directory "$3" "$4" | tar --extract --sparse --directory "$5" && mv "$5/$4" "$5/theirs"`,
			"sh", "coreos-builder." + benchWorkspace, m.image, latest, "coreos_sparse.bin", m.directory})
	})
	b.Run("Sparse8G/TheDisk", func(b *testing.B) {
		local := m.path("local")
		call(b, m.get("coreos_sparse.bin")...)
		if err := os.Rename(m.path("ours/coreos_sparse.bin"), local); err != nil {
			b.Fatal(err)
		}
		m.export(b, "coreos_sparse.bin", []string{"sh", "-c", `cp --sparse=always "$1" "$2" && sync "$2"`, "sh", local, m.path("theirs")})
	})
	// What of 700 MiB that no hole is in an engine gives to whoever reads what a container prints, and looks at nothing.
	b.Run("Sparse8G/TheEnginesStream", func(b *testing.B) {
		turns(b, m.get("coreos_sparse.bin"), []string{"sh", "-c", `docker run --rm --network none --log-driver none --volume "$1:/workspace" "$2" head --bytes=700M "$3" >/dev/null`,
			"sh", "coreos-builder." + benchWorkspace, m.image, latest + "coreos_dense.bin"}, func() { m.forget(b) })
		m.forget(b)
	})
	b.Run("Dense1G/DockerCp", func(b *testing.B) { m.export(b, "coreos_dense.bin", cp("coreos_dense.bin")) })
}

func (m demoBench) path(name string) string { return filepath.Join(m.directory, name) }

// file makes a result of the demo's by a script, and has its digests taken as the step that made it would have.
func (m demoBench) file(name, script string) {
	shell := []string{m.program, "shell", "--workspace", benchWorkspace, "--"}
	call(m.B, append(shell, "bash", "-c", script, "bash", "src/build/images/amd64-usr/latest/coreos_"+name+".bin")...)
	call(m.B, append(shell, "send-artifacts", "record",
		`{"dir": "src/build/images/amd64-usr/latest", "files": ["coreos_*"], "sums": ".coreos-builder/sums"}`)...)
}

func (m demoBench) get(name string) []string {
	return []string{m.program, "artifacts", "get", "--workspace", benchWorkspace, "--select", name, m.path("ours")}
}

// export fetches a result, in turns with what is to compare it with, to new files; both have to be the same.
func (m demoBench) export(b *testing.B, name string, theirs []string) {
	turns(b, m.get(name), theirs, func() { m.forget(b) })
	call(b, m.get(name)...)
	if ours, other := digestOf(b, m.path("ours/"+name)), digestOf(b, m.path("theirs")); ours != other {
		b.Fatalf("they got %s and %s", ours, other)
	}
	m.forget(b)
}

// forget removes what was fetched, and has everybody read from the disk.
func (m demoBench) forget(b *testing.B) {
	for _, path := range []string{m.path("ours"), m.path("theirs")} {
		if err := os.RemoveAll(path); err != nil {
			b.Fatal(err)
		}
	}
	dropCaches(b)
}

// dropCaches has everybody read from the disk, where that can be had: an image that was just built is in memory, one that is
// fetched the next day is not.
func dropCaches(b *testing.B) {
	syscall.Sync()
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0o200); err != nil {
		b.Logf("with what is in the page cache: %v", err)
	}
}

func digestOf(b *testing.B, name string) string {
	file, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		b.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// turns times two commands in turns, each after what is to be done before it.
func turns(b *testing.B, ours, theirs []string, before ...func()) {
	var mine, peer time.Duration
	var memory int64
	for b.Loop() {
		for _, do := range before {
			do()
		}
		took, most := timed(b, ours)
		mine, memory = mine+took, max(memory, most)
		b.StopTimer()
		for _, do := range before {
			do()
		}
		took, _ = timed(b, theirs)
		peer += took
		b.StartTimer()
	}
	b.ReportMetric(peer.Seconds()/float64(b.N), "peer-s/op")
	b.ReportMetric(mine.Seconds()/float64(b.N), "s/op")
	b.ReportMetric(mine.Seconds()/peer.Seconds(), "ratio")
	b.ReportMetric(float64(memory)/1024, "peak-MiB")
	b.ReportMetric(0, "ns/op") // the same as s/op
}

// timed is how long a command takes, and the most memory that it had, in KiB.
func timed(b *testing.B, argv []string) (time.Duration, int64) {
	b.Helper()
	start := time.Now()
	command := exec.Command(argv[0], argv[1:]...)
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return time.Since(start), command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

func call(b testing.TB, argv ...string) string {
	b.Helper()
	command := exec.Command(argv[0], argv[1:]...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}
