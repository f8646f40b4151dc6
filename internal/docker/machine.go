package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"

	"github.com/coreos-builder/coreos-builder/builder"
)

// machineImage is the name of the image that has QEMU.
const machineImage = "qemu"

// kvm is the device by which a machine runs on the processor itself.
const kvm = "/dev/kvm"

// Machine is a virtual machine, and the container that it runs in.
type Machine struct {
	// Argv is the container's command, which ends when its standard input does.
	Argv []string
	// KVM tells to give it the KVM of the engine's host.
	KVM bool
	// GuestPort is a port of the container, and HostPort the port of the engine's own 127.0.0.1 that leads to it; 0 is none.
	GuestPort, HostPort int
	// Client is who started it.
	Client string
}

// Boot runs a machine, its serial console connected to In and Out, what is wrong with it on Err, and returns the exit
// code of its command. It ends when the machine does or the context, and leaves nothing; when this client is killed, the
// engine ends it. The end of In ends nothing. Where the engine's host has no KVM, say is told, and the machine does without.
func (e *Engine) Boot(ctx context.Context, plan builder.Plan, m Machine, terminal Terminal, say func(string)) (int, error) {
	started, err := e.startMachine(ctx, plan, m)
	if err != nil && m.KVM && strings.Contains(err.Error(), kvm) {
		say("The engine's host has no KVM: the machine is emulated, which takes longer.")
		m.KVM = false
		started, err = e.startMachine(ctx, plan, m)
	}
	if err != nil {
		return 0, taken(err, m.HostPort)
	}
	defer e.discard(ctx, started.id)
	defer started.stream.Close()
	defer context.AfterFunc(ctx, started.stream.Close)()
	go func() { _, _ = io.Copy(started.stream.Conn, terminal.In) }()
	if _, err := stdcopy.StdCopy(terminal.Out, terminal.Err, started.stream.Reader); err != nil {
		return 0, lost(ctx, "read the machine's console", err)
	}
	return started.exitCode(ctx)
}

func (e *Engine) startMachine(ctx context.Context, plan builder.Plan, m Machine) (session, error) {
	return e.converse(ctx, machineSpec(plan, m), "the machine", "the machine's console")
}

// taken says of an engine's complaint that a port is taken what to do about it.
func taken(err error, port int) error {
	for _, text := range []string{"port is already allocated", "address already in use"} {
		if port > 0 && strings.Contains(err.Error(), text) {
			return &builder.InputError{Option: "ssh", Value: fmt.Sprint(port), Reason: "is a port of the engine's host that is taken: choose another"}
		}
	}
	return err
}

// machineSpec is the container of a machine: it sees the workspace and cannot change it, and may do next to nothing. It
// has no terminal: the console is a serial line, which has no size, and the end of its input is the end of its client.
func machineSpec(plan builder.Plan, m Machine) spec {
	s := toolSpec(plan.OnMachines(), m.Argv)
	s.container.Labels = map[string]string{labelKind: kindMachine, labelWorkspace: plan.Workspace, labelClient: m.Client}
	s.container.OpenStdin, s.container.StdinOnce, s.container.AttachStdin = true, true, true
	s.host.AutoRemove = true
	s.host.CapDrop, s.host.CapAdd = []string{"ALL"}, []string{"DAC_OVERRIDE"} // to read what the builder's user owns
	s.host.SecurityOpt = []string{"no-new-privileges"}
	if m.KVM {
		s.host.Devices = []container.DeviceMapping{{PathOnHost: kvm, PathInContainer: kvm, CgroupPermissions: "rw"}}
	}
	if m.HostPort > 0 {
		port := nat.Port(fmt.Sprintf("%d/tcp", m.GuestPort))
		s.container.ExposedPorts = nat.PortSet{port: {}}
		s.host.PortBindings = nat.PortMap{port: {{HostIP: "127.0.0.1", HostPort: fmt.Sprint(m.HostPort)}}}
	}
	return s
}

// InspectArtifact gives what inspect-image of images/qemu says of an artefact, with every file of its file systems where
// that is asked for.
func (e *Engine) InspectArtifact(ctx context.Context, plan builder.Plan, path string, files bool, out io.Writer) error {
	argv := []string{"inspect-image", path}
	if files {
		argv = []string{"inspect-image", "--files", path}
	}
	said, err := e.open(ctx, toolSpec(plan.OnMachines(), argv), argv[0])
	if err != nil {
		return err
	}
	defer said.Close()
	_, err = io.Copy(out, said)
	var failure *toolError
	if errors.As(err, &failure) {
		return fmt.Errorf("%w: %s", builder.ErrUnreadable, failure.last)
	}
	return err
}
