package builder_test

import (
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
)

func TestARecipeThatIsRightIsFoundRight(t *testing.T) {
	if err := small().Check(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongWithARecipeIsFound(t *testing.T) {
	for wanted, spoil := range map[string]func(*builder.Recipe){
		"recipe: the name":                              func(r *builder.Recipe) { r.Name = "Not A Name" },
		"recipe: image.name is missing":                 func(r *builder.Recipe) { r.Image.Name = "" },
		"recipe: dir \"work\" is not an absolute path":  func(r *builder.Recipe) { r.Dir = "work" },
		"recipe: there are no phases":                   func(r *builder.Recipe) { r.Phases = nil },
		"recipe: artifacts.dir is not a path below dir": func(r *builder.Recipe) { r.Artifacts.Dir = "/etc" },
		"recipe: values: kind is not a name of its own": func(r *builder.Recipe) { r.Values["kind"] = "x" },
		"recipe: template":                              func(r *builder.Recipe) { r.Values["ref"] = "{{if}}" },
		"enter: place has no argv":                      func(r *builder.Recipe) { r.Enter["place"] = builder.Enter{} },
		"enter: error parsing regexp":                   func(r *builder.Recipe) { r.Enter["place"] = builder.Enter{Argv: []string{"x"}, Accepts: "["} },
		"option not-a-name: the name":                   func(r *builder.Recipe) { r.Options[0].Name = "not-a-name" },
		"option kind: there are two of that name":       func(r *builder.Recipe) { r.Options[3].Name = "kind" },
		"option version: excludes: there is no option":  func(r *builder.Recipe) { r.Options[0].Excludes = []string{"none"} },
		"option branch: error parsing regexp":           func(r *builder.Recipe) { r.Options[1].Pattern = "(" },
		"option kind: kind \"new\" is not one of":       func(r *builder.Recipe) { r.Options[2].Default = "new" },
		"phase not-a-name: the name":                    func(r *builder.Recipe) { r.Phases[0].Name = "not-a-name" },
		"phase fetch: there are two of that name":       func(r *builder.Recipe) { r.Phases[1].Name = "fetch" },
		"phase make: needs: there is no phase convert":  func(r *builder.Recipe) { r.Phases[2].Needs = []string{"convert"} },
		"phase convert: each: there is no list option":  func(r *builder.Recipe) { r.Phases[3].Each = "kind" },
		"phase make: stdin: there is no secret option":  func(r *builder.Recipe) { r.Phases[2].Stdin.Secret = "kind" },
		"phase make: isolated: is not for a phase":      func(r *builder.Recipe) { r.Phases[2].Isolated, r.Phases[2].Network = true, true },
		"phase make: stdin: there is no form":           func(r *builder.Recipe) { r.Phases[2].Stdin.As = "json" },
		"phase make: files: there is no file option":    func(r *builder.Recipe) { r.Phases[2].Files = []string{"kind"} },
		"phase make: in: there is no place nowhere":     func(r *builder.Recipe) { r.Phases[2].In = "nowhere" },
		"phase fetch: run: there are no commands":       func(r *builder.Recipe) { r.Phases[0].Run = nil },
		"phase fetch: a command has no argv":            func(r *builder.Recipe) { r.Phases[0].Run = []builder.Command{{}} },
		"phase fetch: template":                         func(r *builder.Recipe) { r.Phases[0].When = "{{" },
		"phase official: template":                      func(r *builder.Recipe) { r.Phases[1].Run[0].Argv = []string{"{{nofunction}}"} },
	} {
		r := small()
		spoil(&r)
		if err := r.Check(); err == nil || !strings.HasPrefix(err.Error(), "recipe "+r.Name+": "+wanted) {
			t.Errorf("got %v, want %s", err, wanted)
		}
	}
}

// What only shows when a template is filled in is the recipe's mistake too, and says where.
func TestATemplateThatCannotBeFilledInSaysWhere(t *testing.T) {
	for wanted, spoil := range map[string]func(*builder.Recipe){
		"recipe small: phase fetch: ":    func(r *builder.Recipe) { r.Phases[0].Run[0].Argv = []string{"{{.unknown}}"} },
		"recipe small: phase official: ": func(r *builder.Recipe) { r.Phases[1].When = "perhaps" },
		"recipe small: value ref: ":      func(r *builder.Recipe) { r.Values["ref"] = "{{.unknown}}" },
		"recipe small: artifacts: ":      func(r *builder.Recipe) { r.Artifacts.Dir = "{{.unknown}}" },
	} {
		r := small()
		spoil(&r)
		if _, err := builder.Compile(r, builder.Config{}); err == nil || !strings.HasPrefix(err.Error(), wanted) {
			t.Errorf("got %v, want %s", err, wanted)
		}
	}
}
