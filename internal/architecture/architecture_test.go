// Package architecture holds the import table of docs/architecture.md against the code.
package architecture

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/coreos-builder/coreos-builder/"

// row is a line of the table: | `package` | meaning | imports |
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| ?([^|]*?) ?\\|$")

// table is what each package may import, as the document says.
func table(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string][]string{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		imports := []string{}
		if found[2] != "" {
			imports = strings.Split(found[2], ", ")
		}
		slices.Sort(imports)
		packages[found[1]] = imports
	}
	return packages
}

// code is what each package imports: this module's packages by their folder, others by their module.
func code(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module,Standard", "../../...")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		ImportPath string
		Imports    []string
		Module     *struct{ Path string }
		Standard   bool
	}
	names := map[string]string{}
	var ours []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch folder, isOurs := strings.CutPrefix(p.ImportPath, module); {
		case isOurs:
			names[p.ImportPath] = folder
			ours = append(ours, p)
		case !p.Standard:
			names[p.ImportPath] = p.Module.Path
		}
	}
	packages := map[string][]string{}
	for _, p := range ours {
		imports := []string{}
		for _, path := range p.Imports {
			if names[path] != "" {
				imports = append(imports, names[path])
			}
		}
		slices.Sort(imports)
		packages[names[p.ImportPath]] = slices.Compact(imports)
	}
	return packages
}

func TestImportsAreAsDocumented(t *testing.T) {
	documented, real := table(t), code(t)
	for name, imports := range real {
		wanted, ok := documented[name]
		if !ok {
			t.Errorf("%s has no row in docs/architecture.md", name)
		} else if !slices.Equal(imports, wanted) {
			t.Errorf("%s imports %v; its row in docs/architecture.md says %v", name, imports, wanted)
		}
	}
	for name := range documented {
		if _, ok := real[name]; !ok {
			t.Errorf("docs/architecture.md has a row for %s, which is not there", name)
		}
	}
}
