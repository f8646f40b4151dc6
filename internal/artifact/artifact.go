// Package artifact takes the results of a build out of a workspace: only the data, never the holes of sparse files,
// owned by whoever asks, each seen to be what is in the workspace before it bears its name.
package artifact

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Source is where artefacts come from: an engine.
type Source interface {
	// Artifacts opens what images/tools/send-artifacts says of a plan's artefacts: of the verb "list" a list, of "send" the
	// artefacts themselves. Asked is the part of its request that says which, as JSON. The reader's end is io.EOF only when
	// all is said.
	Artifacts(ctx context.Context, plan builder.Plan, verb string, asked []byte) (io.ReadCloser, error)
	// Whole opens an artefact, of which it sends every byte, and tells how many these are.
	Whole(ctx context.Context, plan builder.Plan, name string) (content io.ReadCloser, size int64, err error)
}

// File is one artefact.
type File struct {
	Name string `json:"name"`
	// Size is how many bytes it has, Stored how many of them take up room in the workspace.
	Size     int64     `json:"size"`
	Stored   int64     `json:"stored,omitempty"`
	Modified time.Time `json:"modified"`
	// SHA256 is the digest of the contents, 64 hexadecimal digits. Of a file in a workspace it is empty when it has not
	// been taken since the file was made.
	SHA256 string `json:"sha256,omitempty"`

	executable bool
}

// List lists the artefacts of a plan, by name.
func List(ctx context.Context, source Source, plan builder.Plan) ([]File, error) {
	in, err := source.Artifacts(ctx, plan, "list", nil)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return readList(bufio.NewReader(in), io.EOF)
}

// errListEnds is the empty record after a list that something follows.
var errListEnds = errors.New("the list ends")

// readList reads records until one is, or gives, what ends the list.
func readList(in *bufio.Reader, ends error) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	for {
		file, err := readRecord(in)
		if err == ends {
			return files, nil
		}
		if err == nil && seen[file.Name] {
			err = fmt.Errorf("%q comes twice", file.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("the list of artefacts: %w", unexpected(err))
		}
		seen[file.Name] = true
		files = append(files, file)
	}
}

// unexpected is an error of what ends where it cannot.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readRecord(in *bufio.Reader) (File, error) {
	record, err := in.ReadSlice(0)
	if err == io.EOF && len(record) > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return File{}, err
	}
	if len(record) == 1 {
		return File{}, errListEnds
	}
	return parseRecord(string(record[:len(record)-1]))
}

// maxSize is that of the largest image that anybody builds, and more. A few bytes can stand for any number of zeros.
const maxSize = 1 << 40

func parseRecord(record string) (File, error) {
	fields := strings.SplitN(record, " ", 6)
	if len(fields) != 6 {
		return File{}, fmt.Errorf("%q is not a size, blocks, a mode, a time, a digest and a name", record)
	}
	size, err1 := strconv.ParseInt(fields[0], 10, 64)
	blocks, err2 := strconv.ParseInt(fields[1], 10, 54)
	mode, err3 := strconv.ParseUint(fields[2], 8, 12)
	seconds, err4 := strconv.ParseFloat(fields[3], 64)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return File{}, err
	}
	file := File{Name: fields[5], Size: size, Stored: min(blocks*512, size), Modified: time.Unix(int64(seconds), 0), executable: mode&0o100 != 0}
	if fields[4] != "-" {
		file.SHA256 = fields[4]
	}
	switch {
	case size < 0 || size > maxSize || blocks < 0:
		return file, fmt.Errorf("%q has a size of %d bytes in %d blocks", file.Name, size, blocks)
	case file.SHA256 != "" && (len(file.SHA256) != 64 || strings.Trim(file.SHA256, "0123456789abcdef") != ""):
		return file, fmt.Errorf("%q has the digest %q", file.Name, file.SHA256)
	}
	return file, checkName(file.Name)
}

// checkName refuses what is not the name of a file right in a directory: it is about to be written there.
func checkName(name string) error {
	if name == "" || name == "." || name != filepath.Base(name) || !filepath.IsLocal(name) || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }) {
		return fmt.Errorf("%q is not a file name", name)
	}
	if name == Sums || strings.HasSuffix(name, PartSuffix) {
		return fmt.Errorf("%q is a name that this program uses itself", name)
	}
	return nil
}

// matches tells whether a name matches one of the patterns.
func matches(name string, patterns []string) bool {
	for _, pattern := range patterns {
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	return false
}
