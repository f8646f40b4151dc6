package provenance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// document is one file that is written beside the artefacts.
type document struct {
	name    string
	content []byte
}

func (d document) sha256() string {
	sum := sha256.Sum256(d.content)
	return hex.EncodeToString(sum[:])
}

// write writes a file under its own name once it is whole. A link of that name is replaced, not followed.
func (d document) write(root *os.Root) error {
	part := d.name + partSuffix
	if err := root.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = out.Write(d.content)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return root.Rename(part, d.name)
}

// compose makes all documents but the checksums, and notices what it has to leave out.
func compose(ctx context.Context, root *os.Root, build Build, files []artifact.File, options Options) ([]document, error) {
	var documents []document
	plan, err := encode(build.Plan)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", PlanFile, err)
	}
	documents = append(documents, document{PlanFile, builder.ConcealCredentials(plan)})
	var projects []Project
	if len(build.Manifest) > 0 {
		documents = append(documents, document{ManifestFile, builder.ConcealCredentials(build.Manifest)})
		if projects, err = ParseManifest(build.Manifest, build.ManifestURL); err != nil {
			options.notice("%s leaves out the projects of the manifest: %v", StatementFile, err)
		}
	}
	bill, err := sbom(root, build, files)
	if err != nil {
		options.notice("%s is missing: %v", SBOMFile, err)
	} else if bill != nil {
		documents = append(documents, document{SBOMFile, bill})
	}
	if len(options.Lock) > 0 {
		documents = append(documents, document{LockFile, builder.ConcealCredentials(options.Lock)})
	}
	if options.Digests {
		digests, err := digests(ctx, root, files)
		if err != nil {
			return nil, err
		}
		documents = append(documents, digests...)
	}
	statement, err := encodeStatement(build, projects, files, documents)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StatementFile, err)
	}
	return append(documents, document{StatementFile, builder.ConcealCredentials(statement)}), nil
}
