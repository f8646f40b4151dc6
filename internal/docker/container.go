package docker

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/coreos-builder/coreos-builder/builder"
)

// keeperDir is where a keeper mounts the volume.
const keeperDir = "/workspace"

//go:embed step.sh
var stepScript string

// logConfig keeps all that a step prints, for any client to read: by a driver that can, whatever the engine's default,
// without the limit of 100 MB that this driver has.
var logConfig = container.LogConfig{Type: "local", Config: map[string]string{"max-size": "1000g", "max-file": "1", "compress": "false"}}

// spec is a container in the words of the Docker API, and all that the API needs to make it.
type spec struct {
	container *container.Config
	host      *container.HostConfig
}

func volumeMount(workspace, dir string) mount.Mount {
	return mount.Mount{Type: mount.TypeVolume, Source: volumeName(workspace), Target: dir}
}

// workspaceMounts are what a plan's steps work on.
func workspaceMounts(plan builder.Plan) []mount.Mount {
	mounts := []mount.Mount{volumeMount(plan.Workspace, plan.Dir)}
	if plan.Cache != "" {
		mounts = append(mounts, mount.Mount{Type: mount.TypeVolume, Source: cacheVolume, Target: path.Join(plan.Dir, plan.Cache)})
	}
	return mounts
}

// stepSpec is the container of a step.
func stepSpec(plan builder.Plan, step builder.Step, order builder.Order) spec {
	s := spec{
		container: &container.Config{
			Image:      step.Image,
			Entrypoint: []string{"bash", "-c", stepScript, "step"},
			Cmd:        stepArguments(plan, step, order.After),
			WorkingDir: plan.Dir,
			Env:        environment(step.Env),
			Labels: map[string]string{
				labelKind: kindStep, labelWorkspace: plan.Workspace, labelStep: step.Name, labelDigest: step.Digest,
				labelConfig: encodeConfig(plan.Config), labelClient: order.Client,
			},
		},
		host: &container.HostConfig{
			Mounts:    workspaceMounts(plan),
			LogConfig: logConfig,
		},
	}
	s.mayDoAs(step)
	if step.Stdin != nil {
		s.container.OpenStdin, s.container.StdinOnce, s.container.AttachStdin = true, true, true
	}
	return s
}

// proxied is a spec with the proxies of the user's docker configuration, which the docker command gives to all that it
// runs. They are no part of a plan: what is built does not depend on them.
func (e *Engine) proxied(s spec) spec {
	for name, value := range e.proxies() {
		s.container.Env = append(s.container.Env, name+"="+*value)
	}
	slices.Sort(s.container.Env)
	return s
}

func (e *Engine) proxies() map[string]*string {
	return e.config.ParseProxyConfig(e.api.DaemonHost(), nil)
}

// mayDoAs allows a container what a step is allowed.
func (s spec) mayDoAs(step builder.Step) {
	if step.Privileged {
		s.host.Privileged = true
		s.host.UsernsMode = "host" // where an engine remaps users, a privileged container must not be
	}
	devices := mount.Mount{Type: mount.TypeBind, Source: "/dev", Target: "/dev"}
	if step.HostDevices && !slices.Contains(s.host.Mounts, devices) {
		s.host.Mounts = append(s.host.Mounts, devices)
	}
}

// stepArguments are the arguments of step.sh.
func stepArguments(plan builder.Plan, step builder.Step, after map[string]string) []string {
	secret := "0"
	if step.Stdin != nil {
		secret = "1"
	}
	arguments := []string{step.Name, plan.Dir + "/" + builder.StateDir, string(step.Encode()), encodeConfig(plan.Config), secret}
	for _, need := range step.Needs {
		if run := after[need]; run != "" {
			need += "=" + run
		}
		arguments = append(arguments, need)
	}
	arguments = append(arguments, "--")
	if step.HostDevices {
		arguments = append(arguments, command("loops", nil)...)
	}
	for _, argv := range step.Recover {
		arguments = append(arguments, command("recover", argv)...)
	}
	for _, argv := range step.Commands {
		arguments = append(arguments, command("run", argv)...)
	}
	if step.Sources != nil && len(step.Sources.Synced) > 0 {
		arguments = append(arguments, command("sources", step.Sources.Synced)...)
	}
	return arguments
}

func encodeConfig(config builder.Config) string {
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings, lists and maps of strings can always be encoded
	}
	return string(text)
}

func command(kind string, argv []string) []string {
	return append([]string{kind, strconv.Itoa(len(argv))}, argv...)
}

// environment is a set of variables as NAME=VALUE, sorted.
func environment(variables map[string]string) []string {
	var all []string
	for name, value := range variables {
		all = append(all, fmt.Sprintf("%s=%s", name, value))
	}
	slices.Sort(all)
	return all
}

// toolSpec is a container for a command of the builder's own: it sees the workspace but cannot change it, may do
// nothing special, and keeps no log.
func toolSpec(plan builder.Plan, argv []string) spec {
	workspace := volumeMount(plan.Workspace, plan.Dir)
	workspace.ReadOnly = true
	return spec{
		container: &container.Config{
			Image:        plan.Image.Tag,
			Cmd:          argv,
			WorkingDir:   plan.Dir,
			Labels:       map[string]string{labelKind: kindTool, labelWorkspace: plan.Workspace},
			AttachStdout: true,
			AttachStderr: true,
		},
		host: &container.HostConfig{
			Mounts:    []mount.Mount{workspace},
			LogConfig: container.LogConfig{Type: "none"},
		},
	}
}

// shellSpec is a container for a person, who may do in it what the plan's steps may.
func shellSpec(plan builder.Plan, argv []string, client string, size *Size) spec {
	var s spec
	s.container = &container.Config{
		Image:      plan.Image.Tag,
		Cmd:        argv,
		WorkingDir: plan.Dir,
		Labels:     map[string]string{labelKind: kindShell, labelWorkspace: plan.Workspace, labelClient: client},
		Tty:        size != nil,
		OpenStdin:  true, StdinOnce: true,
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
	}
	s.host = &container.HostConfig{
		AutoRemove: true, // also when the client is killed: the shell ends with its input
		Mounts:     workspaceMounts(plan),
		LogConfig:  container.LogConfig{Type: "none"},
	}
	if size != nil {
		s.host.ConsoleSize = [2]uint{size.Height, size.Width}
	}
	for _, step := range plan.Steps {
		s.mayDoAs(step)
	}
	return s
}
