package machine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/machine"
)

// plan is a small one, with what a recipe can say of formats.
func plan() builder.Plan {
	return builder.Plan{
		Recipe: "ours", Dir: "/ws", Artifacts: builder.Artifacts{Dir: "out"},
		Config: builder.Config{Options: map[string][]string{"format": {"pxe", "vm"}}},
		Boot: builder.Boot{
			Image: builder.ImageSource{Name: "qemu"}, Expect: "login: ", Memory: 1024, CPUs: 2,
			Formats: []builder.BootFormat{
				{Name: "qemu", File: "os_qemu_image.img", Disk: "qcow2", Bus: "virtio", Network: "virtio", ConfigDrive: true},
				{Name: "uefi", File: "os_uefi_image.img", Disk: "qcow2", Bus: "ide", Network: "e1000", UEFI: true, Memory: 2048},
				{Name: "vm", File: "os_vm_image.vmdk", Disk: "vmdk", Bus: "pvscsi", Network: "vmxnet3"},
				{Name: "pxe", File: "os_pxe.cpio.gz", Kernel: "os_pxe.vmlinuz", Append: "console=ttyS0", Network: "virtio"},
				{Name: "iso", File: "os_iso_image.iso", Disk: "iso", Network: "virtio"},
				{Name: "any", File: "os_*_image.img", Disk: "raw", Bus: "virtio", Network: "virtio"},
			},
			Cannot: map[string]string{"box": "its disk is packed"},
		},
	}
}

func TestFind(t *testing.T) {
	all := []string{"os_a_image.img", "os_b_image.img", "os_pxe.cpio.gz", "os_pxe.vmlinuz", "os_qemu_image.img", "os_vm_image.vmdk", "version.txt"}
	for name, test := range map[string]struct {
		asked         string
		names         []string
		path, refusal string
	}{
		"by format":             {"qemu", all, "/ws/out/os_qemu_image.img", ""},
		"by file":               {"os_vm_image.vmdk", all, "/ws/out/os_vm_image.vmdk", ""},
		"by file of any format": {"os_b_image.img", all, "/ws/out/os_b_image.img", ""},
		"by an added format":    {"a", all, "/ws/out/os_a_image.img", ""},
		"with its kernel":       {"os_pxe.cpio.gz", all, "/ws/out/os_pxe.cpio.gz", ""},
		"without its kernel":    {"pxe", []string{"os_pxe.cpio.gz"}, "", "has no kernel: os_pxe.vmlinuz is not there"},
		"the plan's first":      {"", all, "/ws/out/os_pxe.cpio.gz", ""},
		"the plan's second":     {"", []string{"os_qemu_image.img", "os_vm_image.vmdk"}, "/ws/out/os_vm_image.vmdk", ""},
		"any":                   {"", []string{"os_qemu_image.img"}, "/ws/out/os_qemu_image.img", ""},
		"nothing is there":      {"", []string{"version.txt"}, "", "nothing that is there can be booted: build another format, such as qemu"},
		"not built":             {"uefi", all, "", "has no artefact: os_uefi_image.img is not there; these can be booted: os_a_image.img, "},
		"several":               {"any", all, "", "is one of os_a_image.img, os_b_image.img, os_qemu_image.img"},
		"cannot":                {"box", all, "", `boot "box" cannot be booted in QEMU: its disk is packed; these can be booted: `},
		"no disk":               {"version.txt", all, "", "is not the disk of a machine"},
		"unknown":               {"../etc/passwd", all, "", "is neither a format that can be booted nor an artefact that is there"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := machine.Find(plan(), test.asked, test.names)
			var input *builder.InputError
			switch {
			case test.refusal == "" && (err != nil || a.Path != test.path):
				t.Errorf("got %q, %v", a.Path, err)
			case test.refusal != "" && (!errors.As(err, &input) || !strings.Contains(err.Error(), test.refusal)):
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := machine.Find(builder.Plan{Recipe: "old"}, "", nil); err == nil || !strings.Contains(err.Error(), "recipe old does not say how") {
		t.Errorf("got %v", err)
	}
}
