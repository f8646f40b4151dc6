package provenance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// packagesSuffix is what upstream's lists of packages are called.
const packagesSuffix = "_packages.txt"

// maxList bounds a list of packages: the largest have some hundred lines.
const maxList = 4 << 20

// sbom is the bill of materials of the images, made from the lists of packages among the artefacts; nil if there are
// none.
func sbom(root *os.Root, build Build, files []artifact.File) ([]byte, error) {
	packages := map[Package][]string{}
	lists := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name, packagesSuffix) {
			continue
		}
		text, err := readPlain(root, file.Name, maxList)
		if err != nil {
			return nil, err
		}
		listed, err := ParsePackages(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		lists++
		for _, p := range listed {
			packages[p] = append(packages[p], file.Name)
		}
	}
	if lists == 0 {
		return nil, nil
	}
	return encodeSBOM(build, packages)
}

func encodeSBOM(build Build, packages map[Package][]string) ([]byte, error) {
	bom := cyclonedx.NewBOM()
	tools := []cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: "coreos-builder", Version: build.Version}}
	bom.Metadata = &cyclonedx.Metadata{
		Tools: &cyclonedx.ToolsChoice{Components: &tools},
		Component: &cyclonedx.Component{BOMRef: "image", Type: cyclonedx.ComponentTypeOS, Name: build.Plan.Recipe,
			Version: release(build)},
	}
	if !build.Finished.IsZero() {
		bom.Metadata.Timestamp = build.Finished.UTC().Format(time.RFC3339)
	}
	identity := sha256.New()
	components := []cyclonedx.Component{}
	for _, p := range slices.SortedFunc(maps.Keys(packages), func(a, b Package) int { return strings.Compare(a.String(), b.String()) }) {
		components = append(components, p.component(packages[p]))
		fmt.Fprintln(identity, p, packages[p])
	}
	bom.Components = &components
	fmt.Fprintln(identity, build.Invocation, bom.Metadata.Timestamp)
	bom.SerialNumber = uuid(identity.Sum(nil))
	var text bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	return text.Bytes(), err
}

// component is a package and the lists that have it. Of an ebuild neither the licence nor the sources are known here.
func (p Package) component(lists []string) cyclonedx.Component {
	purl := packageurl.NewPackageURL(packageurl.TypeEbuild, p.Category, p.Name, p.Version, nil, "")
	properties := []cyclonedx.Property{}
	if p.Repository != "" {
		properties = append(properties, cyclonedx.Property{Name: "coreos-builder:repository", Value: p.Repository})
	}
	for _, list := range lists {
		properties = append(properties, cyclonedx.Property{Name: "coreos-builder:listed-in", Value: list})
	}
	return cyclonedx.Component{BOMRef: p.String(), Type: cyclonedx.ComponentTypeLibrary, Group: p.Category, Name: p.Name,
		Version: p.Version, PackageURL: purl.ToString(), Properties: &properties}
}

// release is what was asked to be built.
func release(build Build) string {
	options := build.Plan.Config.Options
	for _, name := range []string{"version", "branch"} {
		if values := options[name]; len(values) == 1 {
			return values[0]
		}
	}
	return ""
}

// uuid is an identifier made of a digest: version 8 of RFC 9562, the one for that.
func uuid(digest []byte) string {
	id := slices.Clone(digest[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
