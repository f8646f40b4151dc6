package docker

import (
	"bytes"
	"context"
	_ "embed"
	"io"

	"github.com/coreos-builder/coreos-builder/builder"
)

//go:embed export.sh
var exportScript string

// ListArtifacts gives the plan's artefacts as records of "SIZE BLOCKS TIME NAME", each with a zero byte after it: sizes
// in bytes, blocks of 512 bytes on the disk, times in seconds since 1970.
func (e *Engine) ListArtifacts(ctx context.Context, plan builder.Plan) ([]byte, error) {
	var out bytes.Buffer
	err := e.tool(ctx, plan, exportCommand("list", plan), &out)
	return out.Bytes(), err
}

// ExportArtifacts writes the plan's artefacts to out, as a tar archive in which the holes of sparse files are left out.
func (e *Engine) ExportArtifacts(ctx context.Context, plan builder.Plan, out io.Writer) error {
	return e.tool(ctx, plan, exportCommand("tar", plan), out)
}

func exportCommand(what string, plan builder.Plan) []string {
	return append([]string{"bash", "-c", exportScript, "export", what, plan.Artifacts.Dir}, plan.Artifacts.Files...)
}
