package artifact

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// smallest is the size of the smallest file that is compressed.
const smallest = 1 << 20

func (g *getting) compresses(file File) bool {
	return g.Compress != "" && file.Size >= smallest &&
		!slices.ContainsFunc([]string{".txt", ".gz", ".tgz", ".bz2", ".xz", ".zst"}, func(e string) bool { return strings.HasSuffix(file.Name, e) })
}

// checkNames refuses to write one name twice.
func (g *getting) checkNames() error {
	names := map[string]bool{}
	for _, file := range g.files {
		name := file.Name
		if g.compresses(file) {
			name += compress.Extension(g.Compress)
		}
		if names[name] {
			return fmt.Errorf("%s is there already, besides %s that would be compressed to it: select one of them", name, file.Name)
		}
		names[name] = true
	}
	return nil
}

// selectError says what could have been selected.
func (g *getting) selectError(ctx context.Context, err error) error {
	files, failure := List(ctx, g.source, g.plan)
	if failure != nil || len(files) == 0 {
		return err
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	return &builder.InputError{Option: "select", Value: strings.Join(g.Select, ","), Reason: "matches none of " + strings.Join(names, ", ")}
}
