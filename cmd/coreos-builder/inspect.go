package main

import (
	"context"
	"os"
	"path"
	"slices"

	"github.com/coreos-builder/coreos-builder/internal/inspect"
	"github.com/coreos-builder/coreos-builder/internal/machine"
)

type inspectCommand struct {
	configFlags `embed:""`
	Artifact    string `arg:"" optional:"" help:"The name of an artefact, or a format, such as qemu. Default: the first that was built."`
	JSON        bool   `name:"json" env:"-" help:"As JSON."`
	Files       bool   `env:"-" help:"Every file of every file system too, with mode, size and SHA-256; as JSON."`
}

func (c *inspectCommand) Help() string {
	return `Says what an artefact is: its format, its partitions and their file systems, the operating system and the OEM package in
them. Nothing is mounted, and the container that looks is not privileged. ext2 to ext4, FAT, btrfs and squashfs are read;
of btrfs, devices and pipes are not.`
}

func (c *inspectCommand) Run(ctx context.Context, flags *engineFlags) error {
	engine, plan, names, err := c.machines(ctx, flags)
	if err != nil {
		return err
	}
	defer engine.Close()
	file := path.Join(plan.Dir, plan.Artifacts.Dir, c.Artifact)
	if !slices.Contains(names, c.Artifact) {
		a, err := machine.Find(plan, c.Artifact, names)
		if err != nil {
			return err
		}
		file = a.Path
	}
	image, err := inspect.Read(ctx, engine, plan, path.Base(file), file, c.Files)
	if err != nil {
		return err
	}
	if !c.JSON && !c.Files {
		return image.Text(os.Stdout)
	}
	text, err := image.JSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
