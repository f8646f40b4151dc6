package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

type artifactsCommand struct {
	List artifactsList `cmd:"" default:"withargs" help:"List the results of a build."`
	Get  artifactsGet  `cmd:"" help:"Fetch the results of a build to a directory, with their checksums."`
}

type artifactsList struct {
	configFlags `embed:""`
	JSON        bool `name:"json" env:"-" help:"As JSON."`
}

func (c *artifactsList) Run(ctx context.Context, flags *engineFlags) error {
	engine, q, _, err := c.results(ctx, flags, accept)
	if err != nil {
		return err
	}
	defer engine.Close()
	files, err := artifact.List(ctx, engine, q.plan)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(files)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tSIZE\tON DISK\tMODIFIED")
	for _, f := range files {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Name, progress.Size(f.Size), progress.Size(f.Stored), f.Modified.Format(time.DateTime))
	}
	return table.Flush()
}

type artifactsGet struct {
	configFlags `embed:""`
	fetchFlags  `embed:""`
	Directory   string `arg:"" type:"path" help:"The directory; it is made if it is not there."`
}

func (c *artifactsGet) Run(ctx context.Context, flags *engineFlags) error {
	beside, err := c.fetchFlags.options()
	if err != nil {
		return err
	}
	engine, q, w, err := c.results(ctx, flags, accept)
	if err != nil {
		return err
	}
	defer engine.Close()
	return c.fetch(ctx, engine, q, w, beside, c.Directory, false)
}

// accept takes any request.
func accept(request) error { return nil }

// results is the request whose artefacts are asked for, and an engine that has its workspace, as it was found, and its image.
// What is refused is so before anything is made.
func (f *configFlags) results(ctx context.Context, flags *engineFlags, refuse func(request) error) (*docker.Engine, request, builder.Workspace, error) {
	engine, err := flags.connect(ctx)
	if err != nil {
		return nil, request{}, builder.Workspace{}, err
	}
	q, w, err := f.recall(ctx, engine)
	if err == nil {
		err = refuse(q)
	}
	if err == nil {
		err = q.plan.CheckWhole(w)
	}
	if err == nil {
		err = prepareTools(ctx, engine, q.plan)
	}
	if err != nil {
		engine.Close()
		return nil, q, w, err
	}
	return engine, q, w, nil
}
