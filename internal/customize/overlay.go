package customize

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/coreos-builder/coreos-builder/builder"
)

var (
	projectName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	categoryName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	packageName  = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9+_-]*$`)
	// ebuildVersion is what follows a package's name and a hyphen in the name of its ebuild.
	ebuildVersion = regexp.MustCompile(`^\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|p)\d*)*(-r\d+)?$`)
	// usedFile is a file of a package that its ebuild names.
	usedFile = regexp.MustCompile(`\$\{?FILESDIR\}?"?/([A-Za-z0-9._+/-]+)`)
	// placeholder is what an ebuild fills in before it installs a file.
	placeholder = regexp.MustCompile(`@@[A-Z_]+@@`)
)

// overlays are the files of all overlays, as CATEGORY/PACKAGE/FILE.
func (c Customization) overlays(builder.Recipe) ([]Input, error) {
	found := map[string]Input{}
	for _, directory := range c.Overlays {
		inputs, err := readOverlay(directory)
		if err != nil {
			return nil, err
		}
		for _, input := range inputs {
			if _, twice := found[input.Name]; twice {
				return nil, &builder.InputError{Option: overlaysOption, Value: directory, Reason: "holds " + input.Name + ", which another overlay holds too"}
			}
			found[input.Name] = input
		}
	}
	return slices.Collect(maps.Values(found)), nil
}

// readOverlay reads a directory of packages, and checks each.
func readOverlay(directory string) ([]Input, error) {
	wrong := func(what, reason string) error {
		return &builder.InputError{Option: overlaysOption, Value: filepath.Join(directory, filepath.FromSlash(what)), Reason: reason}
	}
	packages := map[string][]Input{}
	err := filepath.WalkDir(directory, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(directory, name)
		if err != nil {
			return err
		}
		input, err := readFile(name, filepath.ToSlash(relative))
		if err != nil {
			return err
		}
		parts := strings.Split(input.Name, "/")
		if len(parts) < 3 || !categoryName.MatchString(parts[0]) || !packageName.MatchString(parts[1]) {
			return wrong(input.Name, "is not in a directory CATEGORY/PACKAGE")
		}
		packages[path.Join(parts[0], parts[1])] = append(packages[path.Join(parts[0], parts[1])], input)
		return nil
	})
	var input *builder.InputError
	if err != nil && !errors.As(err, &input) {
		return nil, unreadable(overlaysOption, directory, err)
	}
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		return nil, wrong("", "holds no packages")
	}
	var all []Input
	for _, name := range sorted(packages) {
		if what, reason := checkPackage(name, packages[name]); reason != "" {
			return nil, wrong(path.Join(name, what), reason)
		}
		all = append(all, packages[name]...)
	}
	return all, nil
}

// checkPackage says what is wrong with a package, and with which file of it.
func checkPackage(name string, inputs []Input) (file, reason string) {
	files := map[string]Input{}
	ebuilds := []string{}
	for _, input := range inputs {
		file := strings.TrimPrefix(input.Name, name+"/")
		files[file] = input
		if path.Ext(file) == ".ebuild" {
			ebuilds = append(ebuilds, file)
		}
	}
	if len(ebuilds) != 1 {
		return "", fmt.Sprintf("has %d ebuilds; one is needed", len(ebuilds))
	}
	version, ok := strings.CutPrefix(strings.TrimSuffix(ebuilds[0], ".ebuild"), path.Base(name)+"-")
	if !ok || !ebuildVersion.MatchString(version) {
		return ebuilds[0], "is not named " + path.Base(name) + "-VERSION.ebuild"
	}
	for _, used := range usedFile.FindAllStringSubmatch(string(files[ebuilds[0]].Content), -1) {
		if _, ok := files["files/"+used[1]]; !ok {
			return ebuilds[0], "uses files/" + used[1] + ", which is not there"
		}
	}
	for _, file := range sorted(files) {
		if reason := checkFile(file, files[file]); reason != "" {
			return file, reason
		}
	}
	return "", ""
}

// checkFile says what is wrong with a file of a package.
func checkFile(name string, input Input) string {
	text := string(input.Content)
	switch {
	case strings.HasPrefix(text, "#!") && !input.Executable:
		return "is a script, but not executable"
	case strings.HasPrefix(text, "#cloud-config") || path.Base(name) == "cloud-config.yml":
		if !strings.HasPrefix(text, "#cloud-config\n") {
			return `does not begin with the line "#cloud-config"`
		}
		var content map[string]any
		if err := yaml.Unmarshal(placeholder.ReplaceAll(input.Content, []byte("0")), &content); err != nil {
			return "is no cloud-config: " + strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", "; ")
		}
	}
	return ""
}

func readFile(name, as string) (Input, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Input{}, err
	}
	if !info.Mode().IsRegular() {
		return Input{}, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	content, err := os.ReadFile(name)
	return Input{Name: as, Content: content, Executable: info.Mode()&0o111 != 0}, err
}

func unreadable(option, path string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		err = fmt.Errorf("%s: %w", where.Path, where.Err)
	}
	return &builder.InputError{Option: option, Value: path, Reason: "cannot be read: " + err.Error()}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
