package provenance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Checked is one file of a directory of results.
type Checked struct {
	Name string `json:"name"`
	// Size is how many bytes it has; 0 of one that is not there.
	Size int64 `json:"size"`
	// Kind says what it is, by its contents and its name.
	Kind  string `json:"kind,omitempty"`
	State State  `json:"state"`
}

// State is how a file stands to the checksums.
type State string

// The states of a file.
const (
	Good       State = "good"
	Changed    State = "changed"
	Missing    State = "missing"
	Extra      State = "extra"
	Unreadable State = "unreadable"
)

// checkFiles reads every file that is listed, a file a processor.
func (r *Report) checkFiles(ctx context.Context, root *os.Root, sums []Sum) {
	files := make([]Checked, len(sums))
	wrong := make([]string, len(sums))
	onAllCores(len(sums), func(i int) { files[i], wrong[i] = checkFile(ctx, root, sums[i]) })
	r.Files = append(r.Files, files...)
	for i, what := range wrong {
		if what != "" {
			r.fail(sums[i].Name, what)
		}
	}
}

// checkFile is a file as it is found, and what is wrong with it.
func checkFile(ctx context.Context, root *os.Root, sum Sum) (found Checked, wrong string) {
	found = Checked{Name: sum.Name, State: Unreadable}
	file, info, err := openPlain(root, sum.Name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		found.State = Missing
		return found, "is missing"
	case errors.Is(err, errNotPlain):
		found.State = Changed
		return found, "is not a plain file"
	case err != nil:
		return found, "cannot be read: " + builder.Reason(err)
	}
	defer file.Close()
	found.Size = info.Size()
	head := make([]byte, headSize)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return found, "cannot be read: " + builder.Reason(err)
	}
	hash := sha256.New()
	if err := copyAll(ctx, hash, io.MultiReader(bytes.NewReader(head[:n]), file)); err != nil {
		return found, "cannot be read: " + builder.Reason(err)
	}
	found.Kind = kind(sum.Name, head[:n])
	if is := hex.EncodeToString(hash.Sum(nil)); is != sum.SHA256 {
		found.State = Changed
		return found, "has changed: its SHA-256 is " + is + ", and was " + sum.SHA256
	}
	found.State = Good
	return found, ""
}

// checkRest names what is there and is not listed.
func (r *Report) checkRest(entries []fs.DirEntry, sums []Sum) {
	listed := map[string]bool{}
	for _, sum := range sums {
		listed[sum.Name] = true
	}
	for _, entry := range entries {
		name := entry.Name()
		if listed[name] || slices.Contains(neverListed(), name) {
			continue
		}
		found := Checked{Name: name, State: Extra}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			found.Size = info.Size()
		}
		r.Files = append(r.Files, found)
		what := "is neither in " + SumsFile + " nor in " + BuildSumsFile + ": it was not built with the rest"
		if strings.HasSuffix(name, partSuffix) {
			what = "is half a file, of a fetch that was cut short"
		}
		r.fail(name, what)
	}
}
