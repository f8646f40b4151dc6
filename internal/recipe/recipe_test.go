package recipe

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

func TestTheBuiltInRecipesAreGood(t *testing.T) {
	if difference := cmp.Diff([]string{"coreos", "demo"}, Names()); difference != "" {
		t.Error(difference)
	}
	for _, name := range Names() {
		r, err := Load(name)
		if err != nil {
			t.Error(err)
		}
		if r.Name != name || r.About == "" || len(r.Image.Context) != len("sha256:")+64 {
			t.Errorf("got %q, %q, %q", r.Name, r.About, r.Image.Context)
		}
		for _, option := range r.Options {
			if option.About == "" || option.Pattern != "" && option.Form == "" {
				t.Errorf("%s: nobody can tell what %s is, or what it takes", name, option.Name)
			}
		}
		for _, phase := range r.Phases {
			if phase.About == "" {
				t.Errorf("%s: nobody can tell what %s does", name, phase.Name)
			}
		}
	}
}

func TestARecipeStartsFromAnother(t *testing.T) {
	base, err := Load("coreos")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parse("ours.yaml", []byte(`
extends: coreos
name: ours
omit: [version]
errata: []
options:
  - {name: board, default: arm64-usr}
  - {name: branch, excludes: []}
  - {name: colour, about: "ours alone", default: red}
phases:
  - name: sdk
    run: [{argv: [true]}]
  - name: upload
    run: [{argv: [upload, "{{.colour}}"]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "ours" || r.About != base.About || r.Image.Name != "coreos" || len(r.Options) != len(base.Options) {
		t.Errorf("got %+v", r)
	}
	board := r.Options[1]
	if board.Default != "arm64-usr" || board.Pattern != base.Options[2].Pattern || board.About != base.Options[2].About {
		t.Errorf("got %+v", board)
	}
	if len(r.Phases) != len(base.Phases)+1 || r.Phases[1].Privileged || r.Phases[len(base.Phases)].Name != "upload" {
		t.Errorf("got %+v", r.Phases)
	}
	again, err := Load("coreos")
	if difference := cmp.Diff(base, again); err != nil || difference != "" {
		t.Errorf("the recipe that it starts from was changed: %v\n%s", err, difference)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		content, _, err := Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("extends: demo\nname: mine\noptions: [{name: a, default: '{{'}]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, err := parse("ours.yaml", content)
		var wrong *strictyaml.Error
		if err != nil && (!errors.As(err, &wrong) || wrong.File != "ours.yaml") {
			t.Errorf("the mistake is not placed: %v", err)
		}
	})
}
