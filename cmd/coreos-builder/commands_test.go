package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/docker/dockertest"
)

// commands are what the scripts say besides the program's own commands.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":            exits,
	"one-line":         oneLine,
	"underway":         onBench(underway),
	"kill-at":          onBench(killAt),
	"same-run":         onBench(sameRun),
	"remember":         onBench(remember),
	"nothing-happened": onBench(nothingHappened),
	"no-trace":         onBench(noTrace),
	"no-client-path":   onBench(noClientPath),
	"unprivileged":     onBench(unprivileged),
	"prune":            onBench(prune),
	"nothing-left":     onBench(nothingLeft),
	"boots":            onBench(boots),
	"machine-runs":     onBench(machineRuns),
	"no-machine":       onBench(noMachine),
	"killed-often":     killedOften,
}

// patience is how long a script waits for what must happen before it gives up.
const patience = 3 * time.Minute

// bench is the workspace of a script, and what the script remembers of it.
type bench struct {
	t          *testing.T
	engine     *docker.Engine
	boots      *docker.Engine // that images are booted on
	workspace  string
	run        string
	containers []string
}

// benchKey is what a script's bench is kept under.
type benchKey struct{}

// useWorkspace gives a script a workspace of its own, by the name $WORKSPACE.
func useWorkspace(env *testscript.Env, outer *docker.Engine) error {
	engine, err := docker.Connect(context.Background(), docker.Address{})
	if err != nil {
		return err
	}
	b := &bench{t: env.T().(serial).T, engine: engine, boots: outer, workspace: dockertest.Workspaces + strings.ToLower(rand.Text()[:8])}
	env.Values[benchKey{}] = b
	env.Setenv("WORKSPACE", b.workspace)
	env.Setenv("COREOS_BUILDER_WORKSPACE", b.workspace)
	env.Setenv("COREOS_BUILDER_RECIPE", "demo")
	env.Setenv("COREOS_BUILDER_RETRIES", "0")
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		return err
	}
	env.Setenv("TESTDATA", testdata)
	env.Defer(func() {
		if err := engine.Remove(context.Background(), b.workspace); err != nil {
			env.T().Log(err)
		}
		engine.Close()
	})
	return nil
}

// onBench is a command that looks at the script's workspace.
func onBench(do func(*testscript.TestScript, *bench, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("there is no !")
		}
		do(ts, ts.Value(benchKey{}).(*bench), args)
	}
}

// exits CODE COMMAND...: the command ends with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	wanted, err := strconv.Atoi(args[0])
	ts.Check(err)
	var failure *exec.ExitError
	code := 0
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failure) {
		code = failure.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != wanted {
		ts.Fatalf("the exit code is %d, not %d", code, wanted)
	}
}

// one-line: the last command complained in one line.
func oneLine(ts *testscript.TestScript, _ bool, _ []string) {
	if text := ts.ReadFile("stderr"); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "coreos-builder: ") {
		ts.Fatalf("not one line of coreos-builder: %q", text)
	}
}

// underway STEP: waits until the step runs, and remembers its run.
func underway(ts *testscript.TestScript, b *bench, args []string) {
	b.run = b.awaitRun(ts, args[0]).ID
}

// awaitRun waits until a step runs.
func (b *bench) awaitRun(ts *testscript.TestScript, step string) builder.Run {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ticks := time.NewTicker(50 * time.Millisecond); ; {
		w, _ := b.engine.Look(ctx, b.workspace)
		if run, ok := w.Runs[step]; ok && run.State == builder.RunRunning {
			return run
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			ts.Fatalf("step %s does not run", step)
		}
	}
}

// kill-at STEP TEXT: waits until the step has printed a line with the text, and kills it.
func killAt(ts *testscript.TestScript, b *bench, args []string) {
	ctx, killed := context.WithCancel(context.Background())
	defer killed()
	err := b.engine.Logs(ctx, b.awaitRun(ts, args[0]), true, func(_ time.Time, text []byte) {
		if ctx.Err() == nil && strings.Contains(string(text), args[1]) {
			ts.Check(b.engine.Stop(ctx, b.workspace, true))
			killed()
		}
	})
	if ctx.Err() == nil {
		ts.Fatalf("step %s ended without printing %q: %v", args[0], args[1], err)
	}
}

// same-run STEP: the step ran once, in the container that was remembered, and is done.
func sameRun(ts *testscript.TestScript, b *bench, args []string) {
	w, err := b.engine.Look(context.Background(), b.workspace)
	ts.Check(err)
	if run := w.Runs[args[0]]; run.ID != b.run || run.ExitCode != 0 {
		ts.Fatalf("step %s ran in %+v, not in %s", args[0], run, b.run)
	}
	if _, done := w.Stamps[args[0]]; !done {
		ts.Fatalf("step %s is not stamped", args[0])
	}
}

// remember: what containers there are.
func remember(ts *testscript.TestScript, b *bench, _ []string) { b.containers = b.list(ts) }

// nothing-happened: there are the same containers as before.
func nothingHappened(ts *testscript.TestScript, b *bench, _ []string) {
	if now := b.list(ts); strings.Join(now, " ") != strings.Join(b.containers, " ") {
		ts.Fatalf("the containers were %v and are %v", b.containers, now)
	}
}

// list is every container of the workspace but its keeper, which never runs.
func (b *bench) list(ts *testscript.TestScript) []string {
	all, err := b.engine.API().ContainerList(context.Background(), container.ListOptions{All: true, Filters: b.ours()})
	ts.Check(err)
	var ids []string
	for _, c := range all {
		if c.Labels["coreos-builder.kind"] != "keeper" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (b *bench) ours() filters.Args {
	return filters.NewArgs(filters.Arg("label", "coreos-builder.workspace="+b.workspace))
}

// no-trace TEXT: the text is nowhere in what the engine keeps of the workspace: not in what containers and volume are
// made of, not in logs, not in stamps.
func noTrace(ts *testscript.TestScript, b *bench, args []string) {
	ctx, api := context.Background(), b.engine.API()
	inspected, err := api.VolumeInspect(ctx, "coreos-builder."+b.workspace)
	ts.Check(err)
	everything, err := json.Marshal(inspected)
	ts.Check(err)
	for _, id := range b.list(ts) {
		found, raw, err := api.ContainerInspectWithRaw(ctx, id, false)
		if errdefs.IsNotFound(err) {
			continue // a tool of a client that was killed has ended meanwhile
		}
		ts.Check(err)
		everything = append(everything, raw...)
		if found.HostConfig.LogConfig.Type == "none" {
			continue // a tool keeps no log that could be read
		}
		log, err := api.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
		ts.Check(err)
		text, err := io.ReadAll(log)
		ts.Check(err)
		everything = append(everything, text...)
	}
	everything = append(everything, b.state(ts)...)
	encoded, err := json.Marshal(args[0])
	ts.Check(err)
	for _, form := range [][]byte{[]byte(args[0]), bytes.Trim(encoded, `"`)} {
		if bytes.Contains(everything, form) {
			ts.Fatalf("%q is in what the engine keeps", form)
		}
	}
}

// state is all that the builder keeps in the workspace, as an archive.
func (b *bench) state(ts *testscript.TestScript) []byte {
	ctx, api := context.Background(), b.engine.API()
	created, err := api.ContainerCreate(ctx, &container.Config{Image: "coreos-builder/keeper:latest", Cmd: []string{"none"}}, &container.HostConfig{
		Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: "coreos-builder." + b.workspace, Target: "/workspace"}},
	}, nil, nil, "")
	ts.Check(err)
	defer func() { ts.Check(api.ContainerRemove(ctx, created.ID, container.RemoveOptions{})) }()
	archive, _, err := api.CopyFromContainer(ctx, created.ID, "/workspace/.coreos-builder")
	ts.Check(err)
	defer archive.Close()
	content, err := io.ReadAll(archive)
	ts.Check(err)
	return content
}

// no-client-path: every mount of every container is the workspace, or the /dev of the engine's host.
func noClientPath(ts *testscript.TestScript, b *bench, _ []string) {
	for _, id := range b.list(ts) {
		found, err := b.engine.API().ContainerInspect(context.Background(), id)
		ts.Check(err)
		for _, m := range found.Mounts {
			workspace := m.Type == mount.TypeVolume && (m.Name == "coreos-builder."+b.workspace || strings.HasPrefix(m.Name, "coreos-builder-cache"))
			devices := m.Type == mount.TypeBind && m.Source == "/dev"
			if !workspace && !devices {
				ts.Fatalf("%s mounts %+v", found.Name, m)
			}
		}
	}
}

// unprivileged: no container of the workspace that is left is privileged.
func unprivileged(ts *testscript.TestScript, b *bench, _ []string) {
	for _, id := range b.list(ts) {
		found, err := b.engine.API().ContainerInspect(context.Background(), id)
		ts.Check(err)
		if found.HostConfig.Privileged || !slices.Contains(found.HostConfig.CapDrop, "ALL") {
			ts.Fatalf("%s may do everything", found.Name)
		}
	}
}

// prune: removes what "docker container prune" removes, of this workspace.
func prune(ts *testscript.TestScript, b *bench, _ []string) {
	_, err := b.engine.API().ContainersPrune(context.Background(), b.ours())
	ts.Check(err)
}

// nothing-left: the engine has nothing of the workspace and, where it has no other, nothing of ours at all.
func nothingLeft(ts *testscript.TestScript, b *bench, _ []string) {
	ctx, api := context.Background(), b.engine.API()
	containers, err := api.ContainerList(ctx, container.ListOptions{All: true, Filters: b.ours()})
	ts.Check(err)
	if len(containers) > 0 {
		ts.Fatalf("containers are left: %+v", containers)
	}
	all, err := api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "coreos-builder.kind"))})
	ts.Check(err)
	for _, v := range all.Volumes {
		if v.Name == "coreos-builder."+b.workspace {
			ts.Fatalf("volume %s is left", v.Name)
		}
	}
	if slices.ContainsFunc(all.Volumes, func(v *volume.Volume) bool { return v.Labels["coreos-builder.kind"] == "volume" }) {
		return
	}
	if len(all.Volumes) > 0 {
		ts.Fatalf("volumes are left: %+v", all.Volumes)
	}
	images, err := api.ImageList(ctx, image.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "coreos-builder.kind"))})
	ts.Check(err)
	if len(images) > 0 {
		ts.Fatalf("images are left: %+v", images)
	}
}

// boots SCRIPT VERSION GROUP PASSWORD: the image boots by itself, core logs in, and it is what was asked for.
func boots(ts *testscript.TestScript, b *bench, args []string) {
	console := dockertest.Boot(b.t, b.boots, ts.MkAbs(args[0]))
	console.Expect("login:", patience)
	console.Send("core")
	console.Expect("assword:", patience)
	console.Send(args[3])
	console.Expect("$ ", patience)
	console.Send("cat /etc/os-release /usr/share/coreos/update.conf")
	console.Expect(fmt.Sprintf("VERSION=%s", args[1]), patience)
	console.Expect(fmt.Sprintf("GROUP=%s", args[2]), patience)
}
