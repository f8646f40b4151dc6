// Package config reads what a user wants built: a configuration file, and the files that it names. Flags and variables
// are read into the same struct.
package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v4"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/customize"
	"github.com/coreos-builder/coreos-builder/internal/strictyaml"
)

// Settings are what can be set on the command line, in variables and in the configuration file alike. Most are options
// of recipes that have a name of their own here; every option can be set by way of Set.
type Settings struct {
	Recipe    string   `yaml:"recipe" short:"r" placeholder:"NAME|FILE" help:"The recipe: a built-in one, or a file. Default: coreos."`
	Workspace string   `yaml:"workspace" short:"w" placeholder:"NAME" help:"The workspace, which keeps all that is built. Default: the recipe's name."`
	Version   string   `yaml:"version" placeholder:"V" help:"The release to build, such as 522.6.0."`
	Branch    string   `yaml:"branch" placeholder:"NAME" help:"The branch of the manifest to build, such as build-509 or master."`
	Board     string   `yaml:"board" placeholder:"NAME" help:"The board to build for."`
	Image     string   `yaml:"image" placeholder:"dev|prod" help:"The kind of image."`
	Group     string   `yaml:"group" placeholder:"NAME" help:"The update group of the image."`
	Format    []string `yaml:"format" placeholder:"NAME" help:"A virtual machine format to convert the image to. May be given several times."`
	// PasswordFile is not an option of recipes: the secret option password is, and this is where it comes from.
	PasswordFile  string `yaml:"password_file" placeholder:"FILE" help:"The file that holds the password of the user core; - is standard input."`
	DeveloperData string `yaml:"developer_data" placeholder:"FILE" help:"A cloud-config for the image to apply when it boots."`
	NoErrata      bool   `yaml:"no_errata" help:"Build a release as it is, even where it is known to be defective."`
	Offline       bool   `yaml:"offline" help:"Use no network: build with what is there already, or say at once what is missing."`
	// TimeLimits are by phase, as time.ParseDuration reads them.
	TimeLimits map[string]string `yaml:"time_limits" name:"time-limit" placeholder:"PHASE=TIME" mapsep:"none" help:"End a phase that takes longer, such as build_packages=6h. May be given several times."`
	Security   string            `yaml:"security" placeholder:"privileged|minimal" help:"What containers may do: privileged ones all, minimal ones no more than they need. Default: privileged."`
	// CACertificates become one option's value, which holds what is in the files.
	CACertificates []string `yaml:"ca_certificates" name:"ca-certificates" placeholder:"FILE" help:"A file of certificates, in PEM, to trust besides the usual ones. May be given several times."`
	// Customization can be set in the configuration file alone.
	customize.Customization `yaml:",inline" kong:"-"`
	Set                     map[string]string `yaml:"options" placeholder:"OPTION=VALUE" mapsep:"none" help:"Set any option of the recipe (see recipes show). May be given several times."`
}

// Values are the recipe options that are set. That certificates cannot be read is a *builder.InputError.
func (s Settings) Values() (map[string][]string, error) {
	values := map[string][]string{}
	for name, value := range s.Set {
		values[name] = []string{value}
	}
	for name, value := range map[string]string{
		"version": s.Version, "branch": s.Branch, "board": s.Board, "image": s.Image, "group": s.Group,
		"developer_data": s.DeveloperData,
	} {
		if value != "" {
			values[name] = []string{value}
		}
	}
	if len(s.Format) > 0 {
		values["format"] = s.Format
	}
	if len(s.CACertificates) > 0 {
		certificates, err := readCertificates(s.CACertificates)
		if err != nil {
			return nil, err
		}
		values[certificatesOption] = []string{certificates}
	}
	return values, nil
}

// Over are these settings and, where they say nothing, others. The version and the branch go together, because they
// exclude each other: where one is set here, the other is not taken from there.
func (s Settings) Over(others Settings) Settings {
	if s.Version != "" || s.Branch != "" {
		others.Version, others.Branch = "", ""
	}
	set, limits := over(s.Set, others.Set), over(s.TimeLimits, others.TimeLimits)
	mine, theirs := reflect.ValueOf(&s).Elem(), reflect.ValueOf(others)
	for i := range mine.NumField() {
		if mine.Field(i).IsZero() {
			mine.Field(i).Set(theirs.Field(i))
		}
	}
	s.Set, s.TimeLimits = set, limits
	return s
}

func over(mine, others map[string]string) map[string]string {
	if len(mine)+len(others) == 0 {
		return nil
	}
	all := map[string]string{}
	maps.Copy(all, others)
	maps.Copy(all, mine)
	return all
}

// Origins tells where in a configuration file each setting stands.
type Origins struct {
	file  string
	lines map[string]int
}

// Parse reads a configuration file. Paths in it are relative to the directory that it lies in. What is wrong with it is
// a *strictyaml.Error.
func Parse(file string, content []byte) (Settings, Origins, error) {
	origins := Origins{file: file, lines: map[string]int{}}
	var s Settings
	if err := strictyaml.Load(file, content, &s); err != nil {
		return s, origins, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return s, origins, &strictyaml.Error{File: file, Message: err.Error()}
	}
	origins.collect(&document)
	directory := filepath.Dir(file)
	s.Resolve(directory)
	for _, path := range []*string{&s.PasswordFile, &s.DeveloperData} {
		if *path != "" && *path != "-" && !filepath.IsAbs(*path) {
			*path = filepath.Join(directory, *path)
		}
	}
	for i, path := range s.CACertificates {
		if !filepath.IsAbs(path) {
			s.CACertificates[i] = filepath.Join(directory, path)
		}
	}
	return s, origins, nil
}

// collect notes the line of every key, those below options too.
func (o Origins) collect(node *yaml.Node) {
	if node.Kind == yaml.DocumentNode {
		for _, content := range node.Content {
			o.collect(content)
		}
	}
	if node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		o.lines[node.Content[i].Value] = node.Content[i].Line
		if node.Content[i].Value == "options" {
			o.collect(node.Content[i+1])
		}
	}
}

// Explain adds to a mistake where it stands, if it stands in the file.
func (o Origins) Explain(err error) error {
	var input *builder.InputError
	if !errors.As(err, &input) || o.lines[input.Option] == 0 {
		return err
	}
	return fmt.Errorf("%s:%d: %w", o.file, o.lines[input.Option], err)
}
