// Package recipe loads recipes: the built-in ones, which recipes/ holds, and files that users write.
package recipe

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/images"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

//go:embed recipes
var builtin embed.FS

// file is a recipe as it is written.
type file struct {
	// Extends names the built-in recipe that this one starts from. What is given here replaces what that one says:
	// the image as a whole, options and boot field by field and phases one by one, by name; the rest as a whole.
	Extends string `yaml:"extends"`
	// Omit names options of that recipe that this one does not have.
	Omit           []string `yaml:"omit"`
	builder.Recipe `yaml:",inline"`
}

// Names are the names of the built-in recipes, sorted.
func Names() []string {
	var names []string
	entries, _ := builtin.ReadDir("recipes")
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names
}

// Load loads the built-in recipe of a name or, where the name has a slash or ends in .yaml or .yml, the recipe of a
// file. The recipe is checked, and knows the digest of its image's build context.
func Load(name string) (builder.Recipe, error) {
	content, where, err := Source(name)
	if err != nil {
		return builder.Recipe{}, err
	}
	r, err := parse(where, content)
	// What is in a workspace is told by its recipe's name.
	if err == nil && isFile(name) && slices.Contains(Names(), r.Name) {
		return r, &strictyaml.Error{File: where, Message: fmt.Sprintf("name: %s is that of a built-in recipe: give this one a name of its own", r.Name)}
	}
	return r, err
}

// Source is the text of a recipe, and the name of its file.
func Source(name string) (content []byte, where string, err error) {
	if !isFile(name) {
		content, err = builtin.ReadFile("recipes/" + name + ".yaml")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", &builder.InputError{Option: "recipe", Value: name, Reason: fmt.Sprintf(
				"is not one of %s; a file's name holds a slash or ends in .yaml", strings.Join(Names(), ", "))}
		}
		return content, name + ".yaml", err
	}
	content, err = os.ReadFile(name)
	if err != nil {
		return nil, "", &builder.InputError{Option: "recipe", Value: name, Reason: "cannot be read: " + builder.Reason(err)}
	}
	return content, name, nil
}

func isFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || slices.Contains([]string{".yaml", ".yml"}, path.Ext(name))
}

func parse(where string, content []byte) (builder.Recipe, error) {
	var f file
	if err := strictyaml.Load(where, content, &f); err != nil {
		return builder.Recipe{}, err
	}
	r := f.Recipe
	if f.Extends != "" {
		base, err := Load(f.Extends)
		if err != nil || isFile(f.Extends) {
			return builder.Recipe{}, &strictyaml.Error{File: where,
				Message: fmt.Sprintf("extends %q is not one of %s", f.Extends, strings.Join(Names(), ", "))}
		}
		if r, err = extend(base, f); err != nil {
			return builder.Recipe{}, &strictyaml.Error{File: where, Message: err.Error()}
		}
	}
	if err := r.Check(); err != nil {
		return builder.Recipe{}, &strictyaml.Error{File: where, Message: err.Error()}
	}
	context, err := images.Digest(r.Image.Name)
	if err != nil {
		return builder.Recipe{}, &strictyaml.Error{File: where, Message: "image: " + err.Error()}
	}
	r.Image.Context = context
	if r.Boot.Image.Name != "" {
		if r.Boot.Image.Context, err = images.Digest(r.Boot.Image.Name); err != nil {
			return builder.Recipe{}, &strictyaml.Error{File: where, Message: "boot: image: " + err.Error()}
		}
	}
	return r, nil
}
