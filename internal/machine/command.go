package machine

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Options are what a user wants of a machine, besides what the recipe says.
type Options struct {
	// Memory, in MiB, and CPUs are those of the recipe where they are 0.
	Memory, CPUs int
	// Emulate does without KVM, also where there is one.
	Emulate bool
	// Once ends the machine when it would start again.
	Once bool
	// UserData is for the config drive; empty is none.
	UserData string
}

// GuestPort is the port of the machine's container that leads to the machine's port 22.
const GuestPort = 2222

// Firmware of Debian's package ovmf. The variables are written to: a machine gets a copy.
const (
	uefiCode = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	uefiVars = "/usr/share/OVMF/OVMF_VARS_4M.fd"
)

// cards are the network cards, in QEMU's words.
var cards = map[string]string{"virtio": "virtio-net-pci", "e1000": "e1000", "vmxnet3": "vmxnet3"}

// Command is the command of the container that an artefact is started in: run-machine of images/qemu, and QEMU's own
// arguments but those for the processor. Nothing that the machine writes reaches the artefact.
func Command(a Artifact, boot builder.Boot, o Options) []string {
	argv := []string{"run-machine"}
	if o.Emulate {
		argv = append(argv, "--emulate")
	}
	if a.UEFI {
		argv = append(argv, "--vars", uefiVars)
	}
	if o.UserData != "" {
		argv = append(argv, "--user-data", o.UserData)
	}
	argv = append(argv, "--", "qemu-system-x86_64",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-name", text(path.Base(a.Path)),
		"-nodefaults", "-no-user-config", "-nographic", "-serial", "mon:stdio",
		"-m", strconv.Itoa(firstOf(o.Memory, a.Memory, boot.Memory)), "-smp", strconv.Itoa(firstOf(o.CPUs, boot.CPUs)),
		"-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp::%d-:22", GuestPort),
		"-device", cards[a.Network]+",netdev=net,romfile=", // nothing is booted from the network
		"-device", "virtio-rng-pci")
	if o.Once {
		argv = append(argv, "-no-reboot")
	}
	if a.UEFI {
		argv = append(argv, "-drive", "if=pflash,format=raw,readonly=on,file="+uefiCode, "-drive", "if=pflash,format=raw,file={vars}")
	}
	if o.UserData != "" {
		argv = append(argv, "-fsdev", "local,id=config,security_model=none,readonly=on,path={config}",
			"-device", "virtio-9p-pci,fsdev=config,mount_tag=config-2")
	}
	return append(argv, disk(a)...)
}

// disk are QEMU's arguments for the artefact itself.
func disk(a Artifact) []string {
	if a.KernelPath != "" {
		return []string{"-kernel", a.KernelPath, "-initrd", a.Path, "-append", a.Append}
	}
	if a.Disk == "iso" {
		return []string{"-drive", "if=none,id=disk,media=cdrom,readonly=on,format=raw,file=" + text(a.Path),
			"-device", "ide-cd,drive=disk,bootindex=0"}
	}
	argv := []string{"-drive", fmt.Sprintf("if=none,id=disk,snapshot=on,format=%s,file=%s", a.Disk, text(a.Path))}
	switch a.Bus {
	case "ide":
		return append(argv, "-device", "ide-hd,drive=disk,bootindex=0")
	case "pvscsi":
		return append(argv, "-device", "pvscsi,id=scsi", "-device", "scsi-hd,drive=disk,bus=scsi.0,bootindex=0")
	}
	return append(argv, "-device", "virtio-blk-pci,drive=disk,bootindex=0")
}

// text is a text as the value of one of QEMU's options, where a comma would end it.
func text(value string) string { return strings.ReplaceAll(value, ",", ",,") }

func firstOf(numbers ...int) int {
	for _, n := range numbers {
		if n > 0 {
			return n
		}
	}
	return 0
}
