package customize

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

//go:embed oem
var scaffold embed.FS

// oemFiles are the files of a new OEM package: where each is in the scaffold, and what it is called in the package.
var oemFiles = map[string]string{
	"oem.ebuild":                     "oem-@NAME@-0.0.1.ebuild",
	"files/cloud-config.yml":         "files/cloud-config.yml",
	"files/coreos-setup-environment": "files/coreos-setup-environment",
	"files/ssh-key":                  "files/@NAME@-ssh-key",
	"files/coreos-cloudinit":         "files/@NAME@-coreos-cloudinit",
	"files/run-startup-scripts":      "files/@NAME@-run-startup-scripts",
}

var oemName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// NewOEM makes an OEM package of a name in an overlay's directory, and returns the package's directory. A package that
// is there already is left alone, and is an error.
func NewOEM(name, overlay string) (string, error) {
	if !oemName.MatchString(name) {
		return "", &builder.InputError{Option: "oem", Value: name, Reason: "is not a name of lower case letters and digits, beginning with a letter"}
	}
	directory := filepath.Join(overlay, "coreos-base", "oem-"+name)
	if _, err := os.Lstat(directory); !errors.Is(err, fs.ErrNotExist) {
		return "", &builder.InputError{Option: "oem", Value: directory, Reason: "is there already"}
	}
	if err := os.MkdirAll(filepath.Join(directory, "files"), 0o777); err != nil {
		return "", err
	}
	for _, from := range sorted(oemFiles) {
		content, err := scaffold.ReadFile(path.Join("oem", from))
		if err != nil {
			return "", err
		}
		text := strings.ReplaceAll(string(content), "@NAME@", name)
		mode := fs.FileMode(0o666)
		if strings.HasPrefix(text, "#!") {
			mode = 0o777
		}
		to := filepath.Join(directory, filepath.FromSlash(strings.ReplaceAll(oemFiles[from], "@NAME@", name)))
		if err := os.WriteFile(to, []byte(text), mode); err != nil {
			return "", err
		}
	}
	return directory, nil
}

// CheckOverlay finds what is wrong with an overlay's directory, and returns the packages in it, as CATEGORY/EBUILD.
func CheckOverlay(directory string) ([]string, error) {
	inputs, err := readOverlay(directory)
	if err != nil {
		return nil, err
	}
	var packages []string
	for _, input := range inputs {
		if name, ok := strings.CutSuffix(input.Name, ".ebuild"); ok {
			packages = append(packages, path.Join(path.Dir(path.Dir(name)), path.Base(name)))
		}
	}
	return packages, nil
}
