// Package customize turns what a user adds to an upstream, overlays, patches and formats, into files for a build. What is
// wrong with it is found here, before anything is sent.
package customize

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Customization is what a user adds to an upstream.
type Customization struct {
	// Overlays are directories of packages, each as CATEGORY/PACKAGE with its ebuilds and files. They join the overlay of
	// upstream, in the place of packages of the same name.
	Overlays []string `yaml:"overlays"`
	// Patches are files to apply, in order, by the last part of the path of the project that they are for.
	Patches map[string][]string `yaml:"patches"`
	// Packages are those that every image gets besides upstream's, as CATEGORY/PACKAGE.
	Packages []string `yaml:"packages"`
	// Formats are further virtual machine formats, by name.
	Formats map[string]Format `yaml:"formats"`
	// Mirrors are where repositories are fetched from instead: the beginnings of URLs, by those that they replace.
	Mirrors map[string]string `yaml:"mirrors"`
}

// The file options that a recipe takes customizations by.
const (
	overlaysOption = "overlays"
	oemOption      = "oem" // those of the overlays' packages that are OEM packages
	patchesOption  = "patches"
	packagesOption = "packages"
	formatsOption  = "formats"
	mirrorsOption  = "mirrors"
	formatOption   = "format"
)

// Input is a file for a build.
type Input struct {
	// Name is its path below the directory of its option; empty where the option is one file.
	Name       string
	Content    []byte
	Executable bool
}

// Resolve makes the paths absolute that are relative to a directory.
func (c *Customization) Resolve(directory string) {
	resolve := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(directory, *path)
		}
	}
	for i := range c.Overlays {
		resolve(&c.Overlays[i])
	}
	for _, files := range c.Patches {
		for i := range files {
			resolve(&files[i])
		}
	}
	for name, format := range c.Formats {
		resolve(&format.Functions)
		c.Formats[name] = format
	}
}

// Inputs are the files of a customization, by the recipe's file option. What is wrong is a *builder.InputError.
func (c Customization) Inputs(r builder.Recipe) (map[string][]Input, error) {
	all := map[string][]Input{}
	for option, read := range map[string]func(builder.Recipe) ([]Input, error){
		overlaysOption: c.overlays, patchesOption: c.patches, formatsOption: c.formats,
		mirrorsOption: c.mirrors, packagesOption: c.packages,
	} {
		inputs, err := read(r)
		if err != nil {
			return nil, err
		}
		if len(inputs) == 0 {
			continue
		}
		if !hasFiles(r, option) {
			return nil, &builder.InputError{Option: option, Reason: "cannot be used: recipe " + r.Name + " has no such option"}
		}
		slices.SortFunc(inputs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
		all[option] = inputs
	}
	if hasFiles(r, oemOption) {
		setOEMApart(all)
	}
	return all, nil
}

func hasFiles(r builder.Recipe, option string) bool {
	return slices.ContainsFunc(r.Options, func(o builder.Option) bool { return o.Name == option && o.File })
}

// setOEMApart makes an option of their own of the OEM packages among the overlays' files.
func setOEMApart(all map[string][]Input) {
	var others, oem []Input
	for _, input := range all[overlaysOption] {
		if strings.HasPrefix(input.Name, oemPrefix) {
			oem = append(oem, input)
		} else {
			others = append(others, input)
		}
	}
	delete(all, overlaysOption)
	for option, inputs := range map[string][]Input{overlaysOption: others, oemOption: oem} {
		if len(inputs) > 0 {
			all[option] = inputs
		}
	}
}

// oemPrefix is what the names of the files of all OEM packages begin with.
const oemPrefix = "coreos-base/oem-"

// Adds are the values that options have by the customization.
func (c Customization) Adds() map[string][]string {
	if len(c.Formats) == 0 {
		return nil
	}
	return map[string][]string{formatOption: sorted(c.Formats)}
}

// patches are the patch files, as PROJECT/NUMBER-NAME.
func (c Customization) patches(builder.Recipe) ([]Input, error) {
	var inputs []Input
	for _, project := range sorted(c.Patches) {
		if !projectName.MatchString(project) {
			return nil, &builder.InputError{Option: patchesOption, Value: project, Reason: "is no project's name, such as scripts or coreos-overlay"}
		}
		for i, path := range c.Patches[project] {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, unreadable(patchesOption, path, err)
			}
			name := fmt.Sprintf("%s/%04d-%s", project, i+1, filepath.Base(path))
			inputs = append(inputs, Input{Name: name, Content: content})
		}
	}
	return inputs, nil
}

// mirrors are a configuration of git that says where repositories are fetched from.
func (c Customization) mirrors(builder.Recipe) ([]Input, error) {
	var text strings.Builder
	for _, from := range sorted(c.Mirrors) {
		to := c.Mirrors[from]
		for _, url := range []string{from, to} {
			if !gitURL.MatchString(url) {
				return nil, &builder.InputError{Option: mirrorsOption, Value: url, Reason: "is not the beginning of a URL, such as https://github.com/"}
			}
		}
		fmt.Fprintf(&text, "[url \"%s\"]\n\tinsteadOf = %s\n", to, from)
	}
	if text.Len() == 0 {
		return nil, nil
	}
	return []Input{{Content: []byte(text.String())}}, nil
}

// gitURL is the beginning of a URL, without what a git configuration would take for more than that.
var gitURL = regexp.MustCompile(`^[a-z+]+://[^\s"'\\#;\x00-\x1f]*$`)

// packages is a file of a package a line.
func (c Customization) packages(builder.Recipe) ([]Input, error) {
	if len(c.Packages) == 0 {
		return nil, nil
	}
	for _, name := range c.Packages {
		category, pkg, _ := strings.Cut(name, "/")
		if !categoryName.MatchString(category) || !packageName.MatchString(pkg) {
			return nil, &builder.InputError{Option: packagesOption, Value: name, Reason: "is not of the form CATEGORY/PACKAGE"}
		}
	}
	return []Input{{Content: []byte(strings.Join(c.Packages, "\n") + "\n")}}, nil
}
