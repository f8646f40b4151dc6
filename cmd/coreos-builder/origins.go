package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

// manifestFile is where a sync writes the manifest of what it fetched, below the workspace's own directory of the builder's.
const manifestFile = "manifest.xml"

// maxManifest bounds what is read of it.
const maxManifest = 4 << 20

// runs is what a workspace tells of the runs that made a plan's results.
func (q request) runs(ctx context.Context, engine *docker.Engine) (provenance.Build, error) {
	w, err := engine.Look(ctx, q.plan.Workspace)
	if err != nil {
		return provenance.Build{}, err
	}
	return provenance.Describe(q.plan, w), nil
}

// complete adds to a build what the engine tells of it, and this program. What cannot be known is left out.
func (q request) complete(ctx context.Context, engine *docker.Engine, b *provenance.Build) (err error) {
	b.Version = version()
	if b.Engine, err = engine.Version(ctx); err != nil {
		return err
	}
	image, err := engine.Image(ctx, q.plan.Image)
	if err != nil {
		return err
	}
	if ranIn(image, *b) {
		b.ImageID = image.ID
		b.AddImage(image.Base, image.BaseDigest)
	}
	if !sourcesKnown(q.plan, *b) {
		return nil
	}
	b.ManifestURL = q.manifestURL
	b.Manifest, err = engine.State(ctx, q.plan.Workspace, manifestFile, maxManifest)
	return err
}

// ranIn tells whether an image is the one that all steps of a build ran in. One that was made anew since may hold other
// packages.
func ranIn(image docker.Image, b provenance.Build) bool {
	return len(b.Steps) > 0 && !image.Created.IsZero() && image.Created.Before(b.Started)
}

// sourcesKnown tells whether the sources in the workspace are those of this plan.
func sourcesKnown(plan builder.Plan, b provenance.Build) bool {
	known := false
	for _, step := range plan.Steps {
		if step.Sources == nil {
			continue
		}
		known = slices.ContainsFunc(b.Steps, func(run provenance.StepRun) bool { return run.Step == step.Name })
		if !known {
			return false
		}
	}
	return known
}

// checkDirectory refuses a directory in which something of somebody's own would be replaced.
func checkDirectory(directory string) error {
	return within(directory, provenance.CheckDirectory)
}

// sumUp writes beside results their checksums alone.
func sumUp(ctx context.Context, directory string, files []artifact.File, options provenance.Options) error {
	return within(directory, func(root *os.Root) error { return provenance.WriteSums(ctx, root, files, options) })
}

// vouchFor writes beside the results of a build what they were built from.
func vouchFor(ctx context.Context, directory string, b provenance.Build, files []artifact.File, options provenance.Options) error {
	options.Notice = func(text string) { tell(progress.Clean(text)) }
	err := within(directory, func(root *os.Root) error { return provenance.Write(ctx, root, b, files, options) })
	if err != nil {
		return fmt.Errorf("write to %s what the results were built from: %w", directory, err)
	}
	return nil
}

// within does something in a directory, and cannot leave it.
func within(directory string, do func(*os.Root) error) error {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}
