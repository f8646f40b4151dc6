package builder

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
)

// Boot says how the results are started in QEMU, each as on the machines that it is meant for.
type Boot struct {
	// Image is the image that has QEMU.
	Image ImageSource `yaml:"image" json:"image,omitzero"`
	// Expect is a regular expression: what the serial console shows on a line when a machine is up.
	Expect string `yaml:"expect" json:"expect,omitempty"`
	// Memory, in MiB, and CPUs are a machine's, where a format says nothing else.
	Memory int `yaml:"memory" json:"memory,omitempty"`
	CPUs   int `yaml:"cpus" json:"cpus,omitempty"`
	// Formats are what can be started; of several that a file belongs to the first counts.
	Formats []BootFormat `yaml:"formats" json:"formats,omitempty"`
	// Cannot are formats that cannot be started, and why.
	Cannot map[string]string `yaml:"cannot" json:"cannot,omitempty"`
}

// BootFormat is how the artefacts of one format are started.
type BootFormat struct {
	Name string `yaml:"name" json:"name"`
	// File is a template of a shell pattern: the artefact's name.
	File string `yaml:"file" json:"file"`
	// Disk is what the file is: raw, qcow2, vmdk, vpc or iso; empty for an initrd, which has a kernel.
	Disk string `yaml:"disk" json:"disk,omitempty"`
	// Bus is what a disk is attached to: virtio, ide or pvscsi.
	Bus string `yaml:"bus" json:"bus,omitempty"`
	// Kernel is a template of a shell pattern: the kernel of an initrd. Append is its command line.
	Kernel string `yaml:"kernel" json:"kernel,omitempty"`
	Append string `yaml:"append" json:"append,omitempty"`
	// Network is the network card: virtio, e1000 or vmxnet3.
	Network string `yaml:"network" json:"network"`
	// UEFI is the firmware instead of a BIOS.
	UEFI   bool `yaml:"uefi" json:"uefi,omitempty"`
	Memory int  `yaml:"memory" json:"memory,omitempty"`
	// ConfigDrive tells that a machine takes SSH keys from a config drive.
	ConfigDrive bool `yaml:"config_drive" json:"config_drive,omitempty"`
	// Silent is why nothing is to be seen on the serial console, where that is so.
	Silent string `yaml:"silent" json:"silent,omitempty"`
}

// checkBoot finds what is wrong with how the results are started.
func (r Recipe) checkBoot() error {
	if r.Boot.Image.Name == "" {
		if len(r.Boot.Formats) > 0 {
			return errors.New("image.name is missing")
		}
		return nil
	}
	if r.Boot.Memory < 1 || r.Boot.CPUs < 1 || r.Boot.Expect == "" {
		return errors.New("memory, cpus or expect is missing")
	}
	if _, err := regexp.Compile(r.Boot.Expect); err != nil {
		return err
	}
	for i, format := range r.Boot.Formats {
		same := func(f BootFormat) bool { return f.Name == format.Name }
		if slices.ContainsFunc(r.Boot.Formats[:i], same) || r.Boot.Cannot[format.Name] != "" {
			return fmt.Errorf("there are two of the name %s", format.Name)
		}
		if err := format.check(); err != nil {
			return fmt.Errorf("format %s: %w", format.Name, err)
		}
	}
	return checkTemplates(values(r.Boot.Image.Args)...)
}

func (f BootFormat) check() error {
	isDisk := slices.Contains([]string{"raw", "qcow2", "vmdk", "vpc"}, f.Disk)
	switch {
	case !optionName.MatchString(f.Name):
		return fmt.Errorf("the name is not of the form %s", optionName)
	case f.File == "":
		return errors.New("file is missing")
	case !isDisk && f.Disk != "iso" && f.Disk != "":
		return fmt.Errorf("disk %q is not raw, qcow2, vmdk, vpc or iso", f.Disk)
	case (f.Disk == "") != (f.Kernel != ""):
		return errors.New("there is to be a disk or a kernel")
	case isDisk != slices.Contains([]string{"virtio", "ide", "pvscsi"}, f.Bus):
		return fmt.Errorf("bus %q is not virtio, ide or pvscsi, or not that of a disk", f.Bus)
	case !slices.Contains([]string{"virtio", "e1000", "vmxnet3"}, f.Network):
		return fmt.Errorf("network %q is not virtio, e1000 or vmxnet3", f.Network)
	case f.Memory < 0:
		return errors.New("memory is less than nothing")
	}
	return checkTemplates(f.File, f.Kernel)
}

// boot is how the plan's results are started.
func (c compiler) boot() (Boot, error) {
	boot := c.recipe.Boot
	if boot.Image.Name == "" {
		return Boot{}, nil
	}
	var err error
	if boot.Image, err = c.image(boot.Image); err != nil {
		return boot, err
	}
	boot.Formats = slices.Clone(boot.Formats)
	for i := range boot.Formats {
		for _, pattern := range []*string{&boot.Formats[i].File, &boot.Formats[i].Kernel} {
			if *pattern, err = expand(*pattern, c.values); err == nil {
				_, err = path.Match(*pattern, "")
			}
			if err != nil {
				return boot, fmt.Errorf("format %s: %w", boot.Formats[i].Name, err)
			}
		}
	}
	return boot, nil
}

// OnMachines is the plan with the image that has QEMU in the place of the builder image, for what looks at the results
// alone.
func (p Plan) OnMachines() Plan {
	p.Image = p.Boot.Image
	return p
}
