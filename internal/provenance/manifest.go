package provenance

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Project is one repository of a manifest, at a commit.
type Project struct {
	Name, Path, Commit string
	// URL is where the repository is, if the manifest and its own URL tell.
	URL string
}

// manifestXML is the part of repo's format that matters for a manifest that repo itself has written.
type manifestXML struct {
	XMLName xml.Name `xml:"manifest"`
	Remotes []struct {
		Name  string `xml:"name,attr"`
		Fetch string `xml:"fetch,attr"`
	} `xml:"remote"`
	Default struct {
		Remote   string `xml:"remote,attr"`
		Revision string `xml:"revision,attr"`
	} `xml:"default"`
	Projects []struct {
		Name     string `xml:"name,attr"`
		Path     string `xml:"path,attr"`
		Remote   string `xml:"remote,attr"`
		Revision string `xml:"revision,attr"`
	} `xml:"project"`
	// What changes other manifests has no place in one that is whole.
	Includes []struct{} `xml:"include"`
	Removed  []struct{} `xml:"remove-project"`
	Extended []struct{} `xml:"extend-project"`
}

// ParseManifest reads a manifest that pins every project to a commit, as repo manifest -r writes it. The projects are
// sorted by path. URLs that are relative are so to the manifest repository's, where that is known.
func ParseManifest(text []byte, url string) ([]Project, error) {
	var m manifestXML
	decoder := xml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("it is not XML of repo's: %w", err)
	}
	if err := nothingMore(decoder); err != nil {
		return nil, err
	}
	if len(m.Includes)+len(m.Removed)+len(m.Extended) > 0 {
		return nil, errors.New("it builds on other manifests: take what repo manifest -r writes")
	}
	remotes := map[string]string{}
	for _, remote := range m.Remotes {
		remotes[remote.Name] = remote.Fetch
	}
	var projects []Project
	paths := map[string]bool{}
	for _, p := range m.Projects {
		project := Project{Name: p.Name, Path: cmp.Or(p.Path, p.Name), Commit: cmp.Or(p.Revision, m.Default.Revision)}
		if project.Name == "" || !isCommit(project.Commit) {
			return nil, fmt.Errorf("project %q is at %q, which is no commit: take what repo manifest -r writes", p.Name, project.Commit)
		}
		if paths[project.Path] {
			return nil, fmt.Errorf("two projects are at %q", project.Path)
		}
		paths[project.Path] = true
		if base := join(url, remotes[cmp.Or(p.Remote, m.Default.Remote)]); base != "" {
			project.URL = base + "/" + p.Name
		}
		projects = append(projects, project)
	}
	slices.SortFunc(projects, func(a, b Project) int { return strings.Compare(a.Path, b.Path) })
	return projects, nil
}

// nothingMore refuses what comes after the manifest, but for comments and white space.
func nothingMore(decoder *xml.Decoder) error {
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is not XML: %w", err)
		}
		switch token := token.(type) {
		case xml.Comment, xml.ProcInst, xml.Directive:
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return errors.New("something comes after it")
			}
		default:
			return errors.New("something comes after it")
		}
	}
}

// join is a remote's URL: as it is or, as repo takes it, relative to the place where the manifest's repository lies.
func join(base, fetch string) string {
	fetch = strings.TrimRight(fetch, "/")
	if fetch == "" || strings.Contains(fetch, "://") || strings.HasPrefix(fetch, "/") {
		return fetch
	}
	if base == "" {
		return ""
	}
	parts := strings.Split(strings.TrimRight(base, "/"), "/")
	parts = parts[:len(parts)-1]
	for part := range strings.SplitSeq(fetch, "/") {
		switch {
		case part == "." || part == "":
		case part != "..":
			parts = append(parts, part)
		case len(parts) == 0:
			return ""
		default:
			parts = parts[:len(parts)-1]
		}
	}
	return strings.Join(parts, "/")
}
