package provenance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Package is one package of an image.
type Package struct {
	Category, Name, Version string
	// Repository is the overlay that it was built from; empty where the list does not say.
	Repository string
}

// String is the package as lists have it.
func (p Package) String() string {
	text := p.Category + "/" + p.Name + "-" + p.Version
	if p.Repository != "" {
		text += "::" + p.Repository
	}
	return text
}

// The names that Gentoo's package manager specification allows (PMS, chapter 3). A name does not end in what looks like
// a version, so the shortest name that leaves a version is the right one.
var packageLine = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9+_.-]*)/` +
	`([A-Za-z0-9_](?:[A-Za-z0-9+_-]*?[A-Za-z0-9+_])?)-` +
	`([0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)[0-9]*)*(?:-r[0-9]+)?)` +
	`(?:::([A-Za-z0-9_][A-Za-z0-9_-]*))?$`)

// ParsePackages reads a list of packages, one a line, as upstream's build_image writes it: CATEGORY/NAME-VERSION and,
// mostly, ::REPOSITORY. Lines may come in any order; none may come twice.
func ParsePackages(text string) ([]Package, error) {
	var packages []Package
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		fields := packageLine.FindStringSubmatch(line)
		if fields == nil {
			return nil, fmt.Errorf("line %d: %q is not of the form category/name-version::repository", number, line)
		}
		if seen[line] {
			return nil, fmt.Errorf("line %d: %q comes twice", number, line)
		}
		seen[line] = true
		packages = append(packages, Package{fields[1], fields[2], fields[3], fields[4]})
	}
	if len(packages) == 0 {
		return nil, errors.New("it lists no package")
	}
	return packages, nil
}
