package main

import (
	"fmt"

	"github.com/coreos-builder/coreos-builder/internal/customize"
)

type oemCommand struct {
	New   oemNew   `cmd:"" help:"Make an OEM package to start from, in an overlay's directory."`
	Check oemCheck `cmd:"" help:"Check the packages of an overlay's directory, as a build does before it sends them."`
}

type oemNew struct {
	Name    string `arg:"" help:"The platform's name, such as niftycloud."`
	Overlay string `env:"-" type:"path" default:"overlay" placeholder:"DIR" help:"The overlay's directory."`
}

func (c *oemNew) Run() error {
	directory, err := customize.NewOEM(c.Name, c.Overlay)
	if err != nil {
		return err
	}
	fmt.Printf(`The package is in %s. Each of its files says what it is for.
To build images with it, add to your configuration file:

overlays: [%s]
formats:
  %s:
    from: vmware
    oem_package: oem-%s
format: [%s]
`, directory, c.Overlay, c.Name, c.Name, c.Name)
	return nil
}

type oemCheck struct {
	Overlay string `arg:"" type:"path" help:"The overlay's directory."`
}

func (c *oemCheck) Run() error {
	packages, err := customize.CheckOverlay(c.Overlay)
	if err != nil {
		return err
	}
	for _, name := range packages {
		fmt.Println(name, "is good")
	}
	return nil
}
