package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

// fetchFlags say which results are fetched and how, and what is written beside them.
type fetchFlags struct {
	Select   []string `placeholder:"GLOB" help:"Fetch only the results whose names match."`
	Compress string   `enum:",zstd,xz,gz,bz2" default:"" placeholder:"FORMAT" help:"Compress images: zstd, xz, gz or bz2."`
	Sparse   string   `enum:"auto,always" default:"auto" help:"What becomes a hole: what is one (auto), or all that is zero (always)."`

	signFlags `embed:""`
}

// fetch takes a plan's artefacts to a directory, with what they were built from, and says so on the standard output, or on
// the other one when that is for programs. Before is the workspace as it was found: what comes is of it, or of none. Beside
// says what is written besides what always is: options gives it, before anything is built.
func (f fetchFlags) fetch(ctx context.Context, engine *docker.Engine, q request, before builder.Workspace, beside provenance.Options, directory string, quiet bool) error {
	out := os.Stdout
	if quiet {
		out = os.Stderr
	}
	release, foreign, err := f.claim(q, before, beside, directory)
	if err != nil {
		return err
	}
	defer release()
	files, err := f.get(ctx, engine, q.plan, directory, out, !quiet && term.IsTerminal(os.Stderr.Fd()))
	if err != nil {
		return err
	}
	build, err := q.runs(ctx, engine)
	if err != nil {
		return err
	}
	if !slices.Equal(provenance.Describe(q.plan, before).Steps, build.Steps) {
		return fmt.Errorf("workspace %s was built in again while its results were fetched to %s: fetch them again", q.plan.Workspace, directory)
	}
	if foreign != nil {
		tell(fmt.Sprintf("What the results were built from is not written beside them: they are not known to be of this plan (%v).", foreign))
		err = sumUp(ctx, directory, files, beside)
	} else if err = q.complete(ctx, engine, &build); err == nil {
		err = vouchFor(ctx, directory, build, files, beside)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The results are in %s; their checksums are in %s.\n", directory, provenance.SumsFile)
	return nil
}

// claim makes a directory this command's own while it fetches there, and says what keeps the results from being told to be of
// the plan, if anything does. Such are not signed: who asked for that asked for results of this plan.
func (f fetchFlags) claim(q request, before builder.Workspace, beside provenance.Options, directory string) (release func(), foreign, err error) {
	if foreign = q.plan.CheckBuilt(before, q.secrets); foreign != nil && beside.Signer != nil {
		return nil, nil, &builder.InputError{Option: "sign-key", Value: f.SignKey, Reason: fmt.Sprintf(
			"cannot sign results that are not known to be of this plan (%v): build again, or name the options that they were built with", foreign)}
	}
	if release, err = artifact.Claim(directory); err != nil {
		return nil, nil, err
	}
	if err = checkDirectory(directory); err != nil {
		release()
		return nil, nil, err
	}
	return release, foreign, nil
}

// get takes a plan's artefacts to a directory, and tells of each.
func (f fetchFlags) get(ctx context.Context, engine *docker.Engine, plan builder.Plan, directory string, out *os.File, live bool) ([]artifact.File, error) {
	display := progress.NewTransfer(os.Stderr, live)
	defer display.Clear()
	return artifact.Get(ctx, engine, plan, directory, artifact.Options{
		Select:   f.Select,
		Compress: f.Compress,
		Dig:      f.Sparse == "always",
		Progress: display.Show,
		Report: func(file artifact.File) {
			display.Clear()
			fmt.Fprintf(out, "%s  %s (%s)\n", file.SHA256[:12], file.Name, progress.Size(file.Size))
		},
		Again: docker.Broken,
		Pause: time.Second,
	})
}
