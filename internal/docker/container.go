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

// hostDevices is the /dev of the engine's host, where loop devices appear.
var hostDevices = mount.Mount{Type: mount.TypeBind, Source: "/dev", Target: "/dev"}

// workspaceMounts are what a plan's steps work on.
func workspaceMounts(plan builder.Plan) []mount.Mount {
	mounts := []mount.Mount{volumeMount(plan.Workspace, plan.Dir)}
	if plan.Cache != "" {
		mounts = append(mounts, mount.Mount{Type: mount.TypeVolume, Source: cacheName(plan), Target: path.Join(plan.Dir, plan.Cache)})
	}
	return mounts
}

// hostname is that of every step: builds may note it, and steps that run side by side copy their /etc/hosts to the same place.
const hostname = "coreos-builder"

// stepSpec is the container of a step.
func stepSpec(plan builder.Plan, step builder.Step, order builder.Order) spec {
	s := spec{
		container: &container.Config{
			Image:      step.Image,
			Entrypoint: []string{"bash", "-c", stepScript, "step"},
			Cmd:        stepArguments(plan, step, order),
			WorkingDir: plan.Dir,
			Hostname:   hostname,
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
	if step.Parallel {
		s.container.Labels[labelBeside] = step.Phase
	}
	s.mayDoAs(step)
	if order.Offline || step.Isolated {
		s.host.NetworkMode, s.host.ExtraHosts = "none", []string{hostname + ":127.0.0.1"} // sudo wants a host name that it can resolve
	}
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
	if step.Rights != nil {
		s.host.CapDrop, s.host.CapAdd = []string{"ALL"}, step.Rights.Capabilities
		s.host.DeviceCgroupRules = step.Rights.Devices
		if slices.Contains(step.Rights.Capabilities, "SYS_ADMIN") {
			s.host.SecurityOpt = []string{"apparmor=unconfined"} // Docker's own profile allows no mount
		}
	}
	if step.HostDevices && !slices.Contains(s.host.Mounts, hostDevices) {
		s.host.Mounts = append(s.host.Mounts, hostDevices)
	}
}

// stepArguments are the arguments of step.sh.
func stepArguments(plan builder.Plan, step builder.Step, order builder.Order) []string {
	secret := "0"
	if step.Stdin != nil {
		secret = "1"
	}
	arguments := []string{step.Name, plan.Dir + "/" + builder.StateDir, string(step.Encode()), encodeConfig(plan.Config), order.Run, secret}
	if order.Replaces != "" {
		arguments = append(arguments, "@"+order.Replaces)
	}
	for _, need := range step.Needs {
		if run := order.After[need]; run != "" {
			need += "=" + run
		}
		arguments = append(arguments, need)
	}
	arguments = append(arguments, "--")
	if order.Disk > 0 {
		arguments = append(arguments, command("disk", []string{strconv.Itoa(order.Disk)})...)
	}
	if step.TimeLimit > 0 {
		arguments = append(arguments, command("limit", []string{strconv.Itoa(step.TimeLimit)})...)
	}
	if step.HostDevices {
		arguments = append(arguments, command("loops", nil)...)
	}
	for _, argv := range step.Recover {
		arguments = append(arguments, command("recover", argv)...)
	}
	for _, argv := range step.Commands {
		arguments = append(arguments, command("run", argv)...)
	}
	if makesArtifacts(plan, step) {
		arguments = append(arguments, command("record", artifactCommand("record", plan, nil))...)
	}
	if step.Sources != nil && len(step.Sources.Synced) > 0 {
		arguments = append(arguments, command("sources", step.Sources.Synced)...)
	}
	return arguments
}

// makesArtifacts tells whether a step may leave artefacts: what makes the first of them does, and what comes after that.
func makesArtifacts(plan builder.Plan, step builder.Step) bool {
	first := slices.IndexFunc(plan.Steps, func(s builder.Step) bool { return slices.Contains(plan.Artifacts.After, s.Phase) })
	at := slices.IndexFunc(plan.Steps, func(s builder.Step) bool { return s.Name == step.Name })
	return first >= 0 && at >= first
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
	mounts := workspaceMounts(plan)
	for i := range mounts {
		mounts[i].ReadOnly = true
	}
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
			AutoRemove: true, // also when the client is killed: a tool ends by itself
			Mounts:     mounts,
			LogConfig:  container.LogConfig{Type: "none"},
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
