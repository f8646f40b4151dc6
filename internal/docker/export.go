package docker

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"

	"github.com/coreos-builder/coreos-builder/builder"
)

//go:embed export.sh
var exportScript string

// ListArtifacts gives the plan's artefacts as records of "SIZE BLOCKS TIME NAME", each with a zero byte after it: sizes
// in bytes, blocks of 512 bytes on the disk, times in seconds since 1970.
func (e *Engine) ListArtifacts(ctx context.Context, plan builder.Plan) ([]byte, error) {
	var out bytes.Buffer
	err := e.export(ctx, plan, "list", &out)
	return out.Bytes(), err
}

// ExportArtifacts writes the plan's artefacts to out, as a tar archive in which the holes of sparse files are left out.
func (e *Engine) ExportArtifacts(ctx context.Context, plan builder.Plan, out io.Writer) error {
	return e.export(ctx, plan, "tar", out)
}

// noArtifacts is the exit code of export.sh when there are none.
const noArtifacts = 66

func (e *Engine) export(ctx context.Context, plan builder.Plan, what string, out io.Writer) error {
	err := e.tool(ctx, toolSpec(plan, exportCommand(what, plan)), "export", out)
	var failure *toolError
	switch {
	case !errors.As(err, &failure):
		return err
	case failure.code == noArtifacts:
		return fmt.Errorf("workspace %s: %w", plan.Workspace, builder.ErrNoArtifacts)
	}
	return failed("read the artefacts of workspace "+plan.Workspace, errors.New(failure.last))
}

func exportCommand(what string, plan builder.Plan) []string {
	return append([]string{"bash", "-c", exportScript, "export", what, plan.Artifacts.Dir}, plan.Artifacts.Files...)
}
