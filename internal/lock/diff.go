package lock

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Difference is one thing that two locks do not agree on. What is not there is empty.
type Difference struct {
	What, A, B string
}

func (d Difference) String() string {
	switch {
	case d.A == "":
		return fmt.Sprintf("%s: %s is new", d.What, d.B)
	case d.B == "":
		return fmt.Sprintf("%s: %s is gone", d.What, d.A)
	}
	return fmt.Sprintf("%s: %s → %s", d.What, d.A, d.B)
}

// DiffPlanned is what differs in what two locks say is to be built.
func DiffPlanned(a, b Lock) []Difference {
	var all differences
	all.add("recipe", a.Recipe, b.Recipe)
	all.maps("option ", joined(a.Options), joined(b.Options))
	all.maps("file ", a.Files, b.Files)
	all.add("secrets", strings.Join(a.Secrets, ", "), strings.Join(b.Secrets, ", "))
	all.add("the builder image's context", a.Image.Context, b.Image.Context)
	all.add("base image", a.Image.Base, b.Image.Base)
	if len(all) == 0 { // of what differs above, every step would say so again
		all.maps("step ", a.Steps, b.Steps)
	}
	return all
}

// DiffFound is what differs in what two builds found: the image that they ran in, and the sources.
func DiffFound(a, b Lock) []Difference {
	var all differences
	if a.Image.BaseDigest != "" && b.Image.BaseDigest != "" { // an engine forgets it with the base image; the packages are told
		all.add("the base image's digest", a.Image.BaseDigest, b.Image.BaseDigest)
	}
	if len(a.Image.Packages) > 0 && len(b.Image.Packages) > 0 { // of an image that was made anew they are not told
		all.maps("package ", a.Image.Packages, b.Image.Packages)
	}
	all.maps("source ", a.Sources, b.Sources)
	all.maps("project ", projects(a.Manifest), projects(b.Manifest))
	if len(all) == 0 {
		all.add("manifest", a.Manifest, b.Manifest)
	}
	return all
}

type differences []Difference

func (all *differences) add(what, a, b string) {
	if a != b {
		*all = append(*all, Difference{what, a, b})
	}
}

func (all *differences) maps(what string, a, b map[string]string) {
	both := maps.Clone(a)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, b)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		all.add(what+key, a[key], b[key])
	}
}

func joined(lists map[string][]string) map[string]string {
	texts := map[string]string{}
	for name, values := range lists {
		texts[name] = strings.Join(values, ", ")
	}
	return texts
}

// projects are the revisions of a manifest, by path. What cannot be read has none.
func projects(manifest string) map[string]string {
	found := map[string]string{}
	for decoder := xml.NewDecoder(strings.NewReader(manifest)); ; {
		token, err := decoder.Token()
		if err != nil {
			if err != io.EOF {
				return nil
			}
			return found
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "project" {
			continue
		}
		attributes := map[string]string{}
		for _, a := range element.Attr {
			attributes[a.Name.Local] = a.Value
		}
		path := attributes["path"]
		if path == "" {
			path = attributes["name"]
		}
		found[path] = attributes["revision"]
	}
}
