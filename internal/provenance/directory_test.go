package provenance_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

func TestWhatIsSomebodysOwnIsNotReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		files   map[string]string
		refused bool
	}{
		"nothing":         {nil, false},
		"something else":  {map[string]string{"notes.txt": "mine"}, false},
		"earlier results": {map[string]string{"SHA256SUMS": "", "plan.json": "{}"}, false},
		"a lock":          {map[string]string{"coreos-builder.lock": "mine"}, false}, // which stays
		"a manifest":      {map[string]string{"manifest.xml": "<manifest/>"}, true},
	} {
		directory := t.TempDir()
		for file, content := range test.files {
			if err := os.WriteFile(filepath.Join(directory, file), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		root, err := os.OpenRoot(directory)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		var input *builder.InputError
		if err := provenance.CheckDirectory(root); errors.As(err, &input) != test.refused || !test.refused && err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A lock that came with earlier results goes with them; one of somebody's own stays, unless there is another.
func TestALockStaysWhereItIsSomebodysOwn(t *testing.T) {
	directory, root, files := results(t, contents())
	lockFile := filepath.Join(directory, "coreos-builder.lock")
	if err := os.WriteFile(lockFile, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ lock, want string }{{"", "mine"}, {"new", "new"}, {"", ""}} {
		write(t, root, files, provenance.Options{Lock: []byte(test.lock)})
		if got := tree(t, directory)["coreos-builder.lock"]; got != test.want {
			t.Errorf("with %q there is %q, not %q", test.lock, got, test.want)
		}
	}
}

// Results of which it cannot be told what they were built from have their checksums, and nothing else is said of them.
func TestChecksumsAloneAreWritten(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{})
	if err := provenance.WriteSums(t.Context(), root, files, provenance.Options{Digests: true}); err != nil {
		t.Fatal(err)
	}
	got := tree(t, directory)
	for _, gone := range []string{"plan.json", "manifest.xml", "provenance.json", "sbom.cdx.json", "SHA256SUMS.build"} {
		if _, there := got[gone]; there {
			t.Errorf("%s is there", gone)
		}
	}
	if got["SHA256SUMS"] == "" {
		t.Error("there are no checksums")
	}
}
