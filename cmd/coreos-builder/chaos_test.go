package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

var (
	chaosRounds = flag.Int("chaos.rounds", 4, "how many faults are made")
	chaosSeed   = flag.Uint64("chaos.seed", 2014, "what its faults and their moments follow from; 0 is another each time")
)

// makeChaos builds the demo on an engine with a small disk, and breaks something at a random moment of every round: the
// client, the connection, the engine, the step, the disk. After each round what must always hold is looked for in the
// engine itself; and in the end the results are, bit for bit, those of a build that nobody disturbed.
// It returns these: the checksums, and the lock file that they were built by.
func makeChaos(t *testing.T, second dockertest.Second) (calm, lockFile string) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaos.rounds=%d -chaos.seed=%d", *chaosRounds, seed)
	c := newChaos(t, second, rand.New(rand.NewPCG(seed, seed)))
	calm = c.results("calm")
	for round := range *chaosRounds {
		c.round(round)
	}
	for range 3 { // whatever state the last fault left: a few plain builds come to the end
		if c.build().code == 0 {
			break
		}
	}
	if diff := cmp.Diff(calm, c.results("chaos")); diff != "" {
		t.Errorf("undisturbed (-) and disturbed (+):\n%s", diff)
	}
	return calm, c.lock()
}

type chaos struct {
	*testing.T
	random  *rand.Rand
	second  dockertest.Second
	engine  *docker.Engine // reached directly
	proxy   *dockertest.Proxy
	program string
	done    bool // everything is built
}

func newChaos(t *testing.T, second dockertest.Second, random *rand.Rand) *chaos {
	c := &chaos{T: t, random: random, second: second}
	var err error
	if c.engine, err = docker.Connect(t.Context(), docker.Address{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.engine.Remove(context.Background(), chaosWorkspace) // the disk is small, and others build on it
		c.engine.Close()
	})
	c.proxy = dockertest.NewProxy(t, c.second.Host)
	c.program = filepath.Join(t.TempDir(), "coreos-builder")
	call(t, "go", "build", "-o", c.program, ".")
	return c
}

const chaosWorkspace = dockertest.Workspaces + "chaos"

// arguments are those of every build here.
func arguments(workspace string) []string {
	return []string{"build", "--recipe", "demo", "--workspace", workspace, "--version", "522.6.0", "--image", "prod", "--group", "stable",
		"--format", "qemu,vmware", "--progress", "plain"}
}

// buildProcess is a process that builds.
type buildProcess struct {
	*exec.Cmd
	out   bytes.Buffer
	ended chan struct{}
	code  int
}

func (c *chaos) start(more ...string) *buildProcess {
	b := &buildProcess{Cmd: exec.Command(c.program, append(append(arguments(chaosWorkspace), "--reconnect", "30s", "--retries", "0"), more...)...), ended: make(chan struct{})}
	b.Env = append(os.Environ(), "DOCKER_HOST="+c.proxy.Host)
	b.Stdout, b.Stderr = &b.out, &b.out
	if err := b.Start(); err != nil {
		c.Fatal(err)
	}
	go func() {
		defer close(b.ended)
		_ = b.Wait()
		b.code = b.ProcessState.ExitCode()
	}()
	return b
}

// await waits until the client has ended, which it does in bounded time whatever happens.
func (c *chaos) await(b *buildProcess) {
	select {
	case <-b.ended:
	case <-time.After(patience):
		_ = b.Process.Kill()
		<-b.ended
		c.Errorf("the client hung:\n%s", tailOf(b.out.String()))
	}
}

func (c *chaos) build(more ...string) *buildProcess {
	b := c.start(more...)
	c.await(b)
	c.done = b.code == 0
	return b
}

// faults are what is done to a build, and the exit codes that its client may have then; a client that is killed has -1.
var faults = []struct {
	name  string
	make  func(*chaos, *buildProcess) (mend func())
	codes []int
}{
	{"the client is killed", func(_ *chaos, b *buildProcess) func() { _ = b.Process.Kill(); return nil }, []int{-1, 0}},
	{"the client is interrupted", func(_ *chaos, b *buildProcess) func() { _ = b.Process.Signal(os.Interrupt); return nil }, []int{130, 0, -1}},
	{"the client is asked to end", func(_ *chaos, b *buildProcess) func() { _ = b.Process.Signal(syscall.SIGTERM); return nil }, []int{143, 0, -1}},
	{"the connection is cut", func(c *chaos, _ *buildProcess) func() { c.proxy.Cut(); return nil }, []int{0, 3}},
	{"the connection stalls", func(c *chaos, _ *buildProcess) func() { c.proxy.Stall(); return nil }, []int{0, 3}},
	{"the engine is killed", func(c *chaos, _ *buildProcess) func() { c.second.Crash(c); return nil }, []int{0, 1, 3}},
	{"the step is killed", func(c *chaos, _ *buildProcess) func() {
		_ = c.engine.Stop(c.Context(), chaosWorkspace, true)
		return nil
	}, []int{0, 1}},
	{"the disk is full", func(c *chaos, b *buildProcess) func() {
		c.second.Exec(c, "sh", "-c", "cat /dev/zero >/var/lib/docker/fill")
		return func() { c.second.Exec(c, "rm", "/var/lib/docker/fill") }
	}, []int{0, 1, 3}},
}

// round breaks something while a build runs, and looks at what is left.
func (c *chaos) round(n int) {
	fault := faults[c.random.IntN(len(faults))]
	moment := time.Duration(c.random.Int64N(int64(15 * time.Second)))
	var more []string
	if c.done {
		phases := []string{"sync", "sdk", "setup_board", "build_packages", "set_official", "build_image", "image_to_vm"}
		more = []string{"--force", "--from", phases[c.random.IntN(len(phases))]}
	}
	c.Logf("round %d: %s after %s %v", n, fault.name, moment.Round(time.Millisecond), more)
	b := c.start(more...)
	select {
	case <-time.After(moment):
	case <-b.ended:
	}
	mend := fault.make(c, b)
	c.await(b)
	if mend != nil {
		mend()
	}
	c.done = b.code == 0
	if !slices.Contains(fault.codes, b.code) {
		c.Errorf("round %d, %s: the client ended with %d:\n%s", n, fault.name, b.code, tailOf(b.out.String()))
	}
	c.look(n)
}

// look holds the engine against what must always be true.
func (c *chaos) look(n int) {
	ctx := context.Background()
	w, err := c.engine.Look(ctx, chaosWorkspace)
	if err != nil {
		c.Logf("round %d: %v", n, err)
		return // the client ended before there was one
	}
	all, err := c.engine.API().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", "coreos-builder.workspace="+chaosWorkspace), filters.Arg("label", "coreos-builder.kind=step"))})
	if err != nil {
		c.Fatal(err)
	}
	running, beside, names := 0, map[string]bool{}, map[string]bool{}
	for _, found := range all {
		if found.State == container.StateRunning {
			running++
			beside[found.Labels["coreos-builder.beside"]] = true
		}
		if name := fmt.Sprint(found.Names); names[name] {
			c.Errorf("round %d: two containers are called %s", n, name)
		} else {
			names[name] = true
		}
	}
	if running > 1 && (len(beside) > 1 || beside[""]) { // not those of a phase that run side by side
		c.Errorf("round %d: %d steps run at once", n, running)
	}
	for name, stamp := range w.Stamps {
		run, ok := w.Runs[name]
		// What ended badly after the stamp was laid took it away, unless it did nothing: 74 and 75 say so.
		if ok && run.State == builder.RunExited && run.ExitCode != 0 && run.ExitCode != 74 && run.ExitCode != 75 && run.Started.After(stamp.Finished) && !w.Unfinished[name] {
			c.Errorf("round %d: step %s is stamped, though its last run ended with %d", n, name, run.ExitCode)
		}
		for need, on := range stamp.After {
			if later, ok := w.Stamps[need]; ok && later.Run != on && later.Finished.Before(stamp.Started) {
				c.Errorf("round %d: step %s was built on a run of %s that it does not name", n, name, need)
			}
		}
	}
}

// lock is where the last results' lock file is.
func (c *chaos) lock() string { return filepath.Join(filepath.Dir(c.program), "lock") }

// results builds in a workspace, and is the checksums of its artefacts.
func (c *chaos) results(name string) string {
	out := filepath.Join(c.TempDir(), "out")
	built := exec.Command(c.program, append(arguments(dockertest.Workspaces+name), "--output", out, "--lock", c.lock())...)
	if text, err := built.CombinedOutput(); err != nil {
		c.Fatalf("%v\n%s", err, tailOf(string(text)))
	}
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		c.Fatal(err)
	}
	return string(sums)
}

// tailOf is the end of a long text.
func tailOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
