package machine_test

import (
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/machine"
)

// What each kind of machine is called with, and what it must never be called with: a disk that is written to.
func TestCommand(t *testing.T) {
	names := []string{"os_qemu_image.img", "os_uefi_image.img", "os_vm_image.vmdk", "os_pxe.cpio.gz", "os_pxe.vmlinuz", "os_iso_image.iso"}
	for format, test := range map[string]struct {
		options machine.Options
		has     []string
		lacks   []string
	}{
		"qemu": {machine.Options{UserData: "#cloud-config\n"}, []string{
			"run-machine --user-data #cloud-config\n -- qemu-system-x86_64 ", "-m 1024 -smp 2 ", "hostfwd=tcp::2222-:22", "virtio-net-pci,netdev=net,romfile=",
			"snapshot=on,format=qcow2,file=/ws/out/os_qemu_image.img -device virtio-blk-pci,", "path={config}", "mount_tag=config-2",
		}, []string{"--emulate", "pflash", "-no-reboot"}},
		"uefi": {machine.Options{Emulate: true, Once: true}, []string{
			"run-machine --emulate --vars /usr/share/OVMF/", "-m 2048 ", "file={vars}", "-no-reboot", "-device ide-hd,", "-device e1000,",
		}, []string{"config-2"}},
		"vm":  {machine.Options{Memory: 4096, CPUs: 8}, []string{"-m 4096 -smp 8", "pvscsi,id=scsi -device scsi-hd,drive=disk,bus=scsi.0,", "vmxnet3,"}, nil},
		"pxe": {machine.Options{}, []string{"-kernel /ws/out/os_pxe.vmlinuz -initrd /ws/out/os_pxe.cpio.gz -append console=ttyS0"}, []string{"if=none"}},
		"iso": {machine.Options{}, []string{"media=cdrom,readonly=on,format=raw,file=/ws/out/os_iso_image.iso -device ide-cd,"}, []string{"snapshot"}},
	} {
		t.Run(format, func(t *testing.T) {
			a, err := machine.Find(plan(), format, names)
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Join(machine.Command(a, plan().Boot, test.options), " ")
			for _, text := range test.has {
				if !strings.Contains(line, text) {
					t.Errorf("%q is not in %s", text, line)
				}
			}
			for _, text := range test.lacks {
				if strings.Contains(line, text) {
					t.Errorf("%q is in %s", text, line)
				}
			}
		})
	}
}
