package provenance_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

func TestNoCredentialsAreGivenAway(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:secret@example.org/a":        "https://***@example.org/a",
		"https://secret@example.org/a":             "https://***@example.org/a",
		"https://user:sec@ret@example.org:8443/a":  "https://***@example.org:8443/a",
		"http://user:secret@example.org":           "http://***@example.org",
		"ssh://git:secret@example.org:22/a":        "ssh://git:***@example.org:22/a",
		"ssh://git@example.org:22/a":               "ssh://git@example.org:22/a",
		"git@example.org:a/b.git":                  "git@example.org:a/b.git",
		"https://example.org/a@" + commit1:         "https://example.org/a@" + commit1,
		"https://example.org:8443/a/b?c=d@e":       "https://example.org:8443/a/b?c=d@e",
		"file:///a/b@c":                            "file:///a/b@c",
		"https://a:secret@b/x https://c:secret@d/": "https://***@b/x https://***@d/",
	} {
		directory, root, files := results(t, contents())
		b := build()
		b.Plan.Config.Options["manifest_url"] = []string{url}
		if err := provenance.Write(context.Background(), root, b, files, provenance.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"plan.json", "provenance.json"} {
			text, err := os.ReadFile(filepath.Join(directory, name))
			if err != nil || !strings.Contains(string(text), `"`+want+`"`) || strings.Contains(string(text), "secret@") {
				t.Errorf("%s: %s does not hold %s (%v)", url, name, want, err)
			}
		}
	}
}
