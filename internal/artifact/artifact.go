// Package artifact takes the results of a build out of a workspace: only the data, never the holes of sparse files,
// owned by whoever asks, with their checksums.
package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Source is where artefacts come from: an engine.
type Source interface {
	ListArtifacts(ctx context.Context, plan builder.Plan) ([]byte, error)
	ExportArtifacts(ctx context.Context, plan builder.Plan, out io.Writer) error
}

// File is one artefact.
type File struct {
	Name string `json:"name"`
	// Size is how many bytes it has, Stored how many of them take up room in the workspace.
	Size     int64     `json:"size"`
	Stored   int64     `json:"stored,omitempty"`
	Modified time.Time `json:"modified"`
	// SHA256 is the digest of the contents, 64 hexadecimal digits, of a file that was taken out.
	SHA256 string `json:"sha256,omitempty"`
}

// List lists the artefacts of a plan, by name.
func List(ctx context.Context, source Source, plan builder.Plan) ([]File, error) {
	out, err := source.ListArtifacts(ctx, plan)
	if err != nil {
		return nil, err
	}
	var files []File
	for record := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		file, err := parseRecord(string(record))
		if err != nil {
			return nil, fmt.Errorf("the list of artefacts: %w", err)
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func parseRecord(record string) (File, error) {
	fields := strings.SplitN(record, " ", 4)
	if len(fields) != 4 {
		return File{}, fmt.Errorf("%q is not a size, blocks, a time and a name", record)
	}
	size, err1 := strconv.ParseInt(fields[0], 10, 64)
	blocks, err2 := strconv.ParseInt(fields[1], 10, 54)
	seconds, err3 := strconv.ParseFloat(fields[2], 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return File{}, err
	}
	return File{Name: fields[3], Size: size, Stored: min(blocks*512, size), Modified: time.Unix(int64(seconds), 0)}, checkName(fields[3])
}

// checkName refuses what is not the name of a file right in a directory: it is about to be written there.
func checkName(name string) error {
	if name == "" || name == "." || name != filepath.Base(name) || !filepath.IsLocal(name) || strings.ContainsAny(name, "/\\\x00\n") {
		return fmt.Errorf("%q is not a file name", name)
	}
	if name == Sums || strings.HasSuffix(name, partSuffix) {
		return fmt.Errorf("%q is a name that this program uses itself", name)
	}
	return nil
}

// maxSize is that of the largest image that anybody builds, and more. A few bytes of archive can stand for any number of
// zeros.
const maxSize = 1 << 40

// checkHeader refuses what is not a plain file.
func checkHeader(header *tar.Header) error {
	if header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeGNUSparse {
		return fmt.Errorf("%q is not a plain file", header.Name)
	}
	if header.Size < 0 || header.Size > maxSize {
		return fmt.Errorf("%q has a size of %d bytes", header.Name, header.Size)
	}
	return checkName(header.Name)
}
