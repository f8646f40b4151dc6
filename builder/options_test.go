package builder_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
)

// small is a recipe with an option of every kind.
func small() builder.Recipe {
	return builder.Recipe{
		Name: "small", Dir: "/work", Image: builder.ImageSource{Name: "image"},
		Options: []builder.Option{
			{Name: "version", Pattern: `\d+`, Form: "a number", Excludes: []string{"branch"}},
			{Name: "branch", Default: "master", Pattern: `[a-z]+`},
			{Name: "kind", Default: "dev", Values: []string{"dev", "prod"}},
			{Name: "format", Default: "qemu", List: true, Values: []string{"qemu", "raw"}},
			{Name: "password", Secret: true},
			{Name: "data", File: true},
		},
		Values: map[string]string{"ref": "{{if .version}}v{{.version}}{{else}}{{.branch}}{{end}}"},
		Enter:  map[string]builder.Enter{"place": {Argv: []string{"enter", "--"}, Accepts: "[a-z=-]+"}},
		Phases: []builder.Phase{
			{Name: "fetch", Run: []builder.Command{{Argv: []string{"fetch", "{{.ref}}"}}}},
			{Name: "official", When: `{{eq .kind "prod"}}`, Run: []builder.Command{{Argv: []string{"sign"}}}},
			{Name: "make", Files: []string{"data"}, In: "place", Stdin: builder.Stdin{Secret: "password", As: "line"},
				Env: map[string]string{"KIND": "{{.kind}}"},
				Run: []builder.Command{
					{Argv: []string{"make", "{{if .data}}--data{{end}}"}},
					{When: "{{.password}}", In: "workspace", Argv: []string{"set password"}},
				}},
			{Name: "convert", Each: "format", Run: []builder.Command{{Argv: []string{"convert", "{{.format}}"}}}},
		},
		Artifacts: builder.Artifacts{Dir: "out/{{.kind}}", Files: []string{"*"}},
	}
}

func TestWhatAnOptionDoesNotAllowIsRefused(t *testing.T) {
	for wanted, options := range map[string]map[string][]string{
		`colour is not an option of recipe small: see recipes show small`: {"colour": {"red"}},
		`version "x" is not a number`:                                     {"version": {"x"}},
		`branch "A" is not of the form [a-z]+`:                            {"branch": {"A"}},
		`kind "test" is not one of dev, prod`:                             {"kind": {"test"}},
		`kind "dev, prod" takes one value`:                                {"kind": {"dev", "prod"}},
		`format "raw" is given twice`:                                     {"format": {"raw", "raw"}},
		`version "1" cannot go together with branch "b"`:                  {"version": {"1"}, "branch": {"b"}},
		`branch "a\nb" holds a control character`:                         {"branch": {"a\nb"}},
		`data "a\x1bb" holds a control character`:                         {"data": {"a\x1bb"}},
	} {
		_, err := builder.Compile(small(), builder.Config{Options: options})
		var input *builder.InputError
		if !errors.As(err, &input) || err.Error() != wanted {
			t.Errorf("%v: got %v, want %s", options, err, wanted)
		}
	}
}

func TestAWorkspacesNameIsRefusedWhereItCouldBeMoreThanAName(t *testing.T) {
	for _, name := range []string{"../up", "a.b", "Upper", "-first", "a b", strings.Repeat("x", 65), "ü"} {
		if _, err := builder.Compile(small(), builder.Config{Workspace: name}); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestTemplatesAreFilledIn(t *testing.T) {
	type step struct {
		Name     string
		Needs    []string
		Commands [][]string
		Secret   bool
		Inputs   int
	}
	config := builder.Config{
		Options: map[string][]string{"version": {"7"}, "kind": {"prod"}, "format": {"raw", "qemu"}, "data": {"file"}},
		Secrets: map[string]bool{"password": true},
		Files:   map[string][]builder.File{"data": {{SHA256: "00"}}},
	}
	plan, err := builder.Compile(small(), config)
	if err != nil {
		t.Fatal(err)
	}
	var got []step
	for _, s := range plan.Steps {
		got = append(got, step{s.Name, s.Needs, s.Commands, s.Stdin != nil, len(s.Inputs)})
	}
	wanted := []step{
		{"fetch", nil, [][]string{{"fetch", "v7"}}, false, 0},
		{"official", []string{"fetch"}, [][]string{{"sign"}}, false, 0},
		{"make", []string{"official"}, [][]string{{"enter", "--", "make", "--data"}, {"set password"}}, true, 1},
		{"convert.raw", []string{"make"}, [][]string{{"convert", "raw"}}, false, 0},
		{"convert.qemu", []string{"make"}, [][]string{{"convert", "qemu"}}, false, 0},
	}
	if difference := cmp.Diff(wanted, got); difference != "" {
		t.Error(difference)
	}
	if plan.Artifacts.Dir != "out/prod" || plan.Steps[2].Env["KIND"] != "prod" {
		t.Errorf("got %+v", plan)
	}
}

// A phase that is left out hands on what it needs itself.
func TestAPhaseThatIsLeftOutIsNotNeeded(t *testing.T) {
	plan, err := builder.Compile(small(), builder.Config{})
	if err != nil {
		t.Fatal(err)
	}
	makes, _ := plan.Step("make")
	if difference := cmp.Diff([]string{"fetch"}, makes.Needs); difference != "" {
		t.Error(difference)
	}
	if difference := cmp.Diff([][]string{{"enter", "--", "make"}}, makes.Commands); difference != "" {
		t.Error(difference)
	}
}

// Where a place reads its words as a shell does, what a shell acts on does not get there.
func TestAPlaceTakesOnlyTheWordsThatItAccepts(t *testing.T) {
	r := small()
	r.Phases[2].Run[0].Argv = []string{"make", "{{.kind}}"}
	r.Options[2].Values = nil
	for _, word := range []string{"a'b", "$(reboot)", "a b", "*", "a;b", "`x`", "a\\b"} {
		_, err := builder.Compile(r, builder.Config{Options: map[string][]string{"kind": {word}}})
		var input *builder.InputError
		if !errors.As(err, &input) {
			t.Errorf("%q got through: %v", word, err)
		}
	}
}
