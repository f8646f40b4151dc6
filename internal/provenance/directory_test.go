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
		options provenance.Options
		refused bool
	}{
		"nothing":                {nil, provenance.Options{}, false},
		"something else":         {map[string]string{"notes.txt": "mine"}, provenance.Options{}, false},
		"earlier results":        {map[string]string{"SHA256SUMS": "", "coreos-builder.lock": "theirs", "plan.json": "{}"}, provenance.Options{}, false},
		"a lock":                 {map[string]string{"coreos-builder.lock": "mine"}, provenance.Options{}, true},
		"another lock":           {map[string]string{"coreos-builder.lock": "mine"}, provenance.Options{Lock: []byte("new")}, true},
		"the lock of this build": {map[string]string{"coreos-builder.lock": "new"}, provenance.Options{Lock: []byte("new")}, false},
		"a manifest":             {map[string]string{"manifest.xml": "<manifest/>"}, provenance.Options{}, true},
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
		if err := provenance.CheckDirectory(root, test.options); errors.As(err, &input) != test.refused || !test.refused && err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Results of which it cannot be told what they were built from have their checksums, and nothing else is said of them.
func TestChecksumsAloneAreWritten(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{})
	if err := provenance.WriteSums(root, files); err != nil {
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
