package docker

import (
	"slices"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
)

// A machine cannot change the workspace, may do nothing special, and is gone when nobody holds its console.
func TestMachinesMayDoNothing(t *testing.T) {
	plan := builder.Plan{Workspace: "w", Dir: "/ws", Cache: ".cache", Boot: builder.Boot{Image: builder.ImageSource{Tag: "qemu:1"}}}
	s := machineSpec(plan, Machine{Argv: []string{"run-machine"}, KVM: true, GuestPort: 2222, HostPort: 22022, Client: "me"})
	if s.host.Privileged || len(s.host.Devices) != 1 || s.host.Devices[0].PathOnHost != "/dev/kvm" || !slices.Contains(s.host.CapDrop, "ALL") {
		t.Errorf("it may do %+v", s.host)
	}
	for _, m := range s.host.Mounts {
		if !m.ReadOnly {
			t.Errorf("it can change %+v", m)
		}
	}
	if !s.host.AutoRemove || !s.container.StdinOnce || s.container.Tty || s.container.Image != "qemu:1" {
		t.Errorf("it is %+v", s.container)
	}
	if binding := s.host.PortBindings["2222/tcp"]; len(binding) != 1 || binding[0].HostIP != "127.0.0.1" || binding[0].HostPort != "22022" {
		t.Errorf("it is reached by %+v", s.host.PortBindings)
	}
	if s := machineSpec(plan, Machine{}); len(s.host.Devices) > 0 || len(s.host.PortBindings) > 0 {
		t.Errorf("unasked it gets %+v", s.host)
	}
}
