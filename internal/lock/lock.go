// Package lock writes down what a build was made from, so that the same can be built again elsewhere, or is refused with
// what differs.
package lock

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

// Name is what a lock file is called.
const Name = "coreos-builder.lock"

// format is that of the file.
const format = 1

// Lock is all that a build depends on.
type Lock struct {
	Format int    `yaml:"lock"`
	Recipe string `yaml:"recipe"`
	// Options are those that were set, but for those that change nothing of what is built.
	Options map[string][]string `yaml:"options,omitempty"`
	// Files are the SHA-256 of what the user brought, by option and name.
	Files map[string]string `yaml:"files,omitempty"`
	// Secrets are the options whose values nobody is to read.
	Secrets []string `yaml:"secrets,omitempty"`
	// Steps are the digests of what is run.
	Steps map[string]string `yaml:"steps"`
	Image Image             `yaml:"image"`
	// Sources are the revisions that were fetched.
	Sources map[string]string `yaml:"sources"`
	// Manifest is that of repo, with every project at its commit.
	Manifest string `yaml:"manifest,omitempty"`
}

// Image is the builder image.
type Image struct {
	// Context is the digest of its build context.
	Context string `yaml:"context"`
	// Base is the image that it is made from, and BaseDigest the registry's digest of that, if it is known.
	Base       string `yaml:"base,omitempty"`
	BaseDigest string `yaml:"base_digest,omitempty"`
	// Packages are the versions of what is installed in it. There are none where it was made anew since the build.
	Packages map[string]string `yaml:"packages,omitempty"`
}

// Facts are what an engine tells of a build.
type Facts struct {
	Manifest   []byte
	BaseDigest string
	// Packages are lines of a name and a version.
	Packages []byte
}

// Of is the lock of what is planned; Built adds what was found when it was built.
func Of(r builder.Recipe, plan builder.Plan) (Lock, error) {
	neutral, err := builder.Compile(r, neutral(r, plan.Config))
	if err != nil {
		return Lock{}, err
	}
	l := Lock{Format: format, Recipe: plan.Recipe, Options: neutral.Config.Options, Files: map[string]string{}, Steps: map[string]string{}}
	for option, files := range neutral.Config.Files {
		for _, file := range files {
			l.Files[strings.TrimSuffix(option+"/"+file.Name, "/")] = file.SHA256
		}
	}
	for name, set := range neutral.Config.Secrets {
		if set {
			l.Secrets = append(l.Secrets, name)
		}
	}
	slices.Sort(l.Secrets)
	for _, step := range neutral.Steps {
		l.Steps[step.Name] = step.Digest
	}
	l.Image = Image{Context: plan.Image.Context, Base: plan.Image.Args["BASE"]}
	return l, nil
}

// neutral is a configuration without what changes nothing of what is built, without what a lock itself pins, and without
// credentials: what is built depends on who may fetch the sources no more than on when.
func neutral(r builder.Recipe, c builder.Config) builder.Config {
	n := c
	n.Workspace, n.TimeLimits = "", nil
	n.Options, n.Files = maps.Clone(c.Options), maps.Clone(c.Files)
	for name, values := range n.Options {
		n.Options[name] = slices.Clone(values)
		for i, value := range values {
			n.Options[name][i] = builder.WithoutCredentials(value)
		}
	}
	for _, option := range r.Options {
		if _, pinned := r.Pins[option.Name]; option.Neutral || pinned {
			delete(n.Options, option.Name)
			delete(n.Files, option.Name)
		}
	}
	return n
}

// Built is a lock with what was found when it was built.
func (l Lock) Built(plan builder.Plan, w builder.Workspace, facts Facts) (Lock, error) {
	l.Sources = map[string]string{}
	for _, step := range plan.Steps {
		for _, source := range w.Stamps[step.Name].Sources {
			l.Sources[source.Name] = source.Revision
		}
	}
	l.Manifest, l.Image.BaseDigest = builder.WithoutCredentials(string(facts.Manifest)), facts.BaseDigest
	l.Image.Packages = map[string]string{}
	for line := range strings.Lines(string(facts.Packages)) {
		name, version, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return l, fmt.Errorf("the list of the builder image's packages: %q is not a name and a version", line)
		}
		l.Image.Packages[name] = version
	}
	return l, nil
}

// Encode is the lock as a file: the same bytes for the same lock.
func (l Lock) Encode() []byte {
	var out bytes.Buffer
	out.WriteString("# What a build was made from: written by coreos-builder, and read by coreos-builder build --locked.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(l); err != nil {
		panic(err) // strings, lists and maps of strings can always be encoded
	}
	return out.Bytes()
}

// Parse reads a lock file. What is wrong with it is a *strictyaml.Error.
func Parse(file string, content []byte) (Lock, error) {
	var l Lock
	if err := strictyaml.Load(file, content, &l); err != nil {
		return l, err
	}
	switch {
	case l.Format != format:
		return l, &strictyaml.Error{File: file, Message: fmt.Sprintf("it is a lock file of format %d; this program reads %d", l.Format, format)}
	case l.Recipe == "" || len(l.Steps) == 0 || l.Image.Context == "":
		return l, &strictyaml.Error{File: file, Message: "it does not say what was built: recipe, steps and image.context have to be there"}
	}
	return l, nil
}

// Pins are the values of options by which a recipe builds the very same again, and the contents of file options.
func (l Lock) Pins(r builder.Recipe) (options map[string]string, files map[string][]byte) {
	options, files = map[string]string{}, map[string][]byte{}
	for option, what := range r.Pins {
		name, isSource := strings.CutPrefix(what, "source ")
		switch revision := strings.TrimPrefix(l.Sources[name], "sha256:"); {
		case isSource && revision != "":
			options[option] = revision
		case what == "manifest" && l.Manifest != "":
			files[option] = []byte(l.Manifest)
		}
	}
	return options, files
}
