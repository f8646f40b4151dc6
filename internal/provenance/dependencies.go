package provenance

import (
	"strings"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/types/known/structpb"
)

// dependencies are all that a build was made from and that can be named by a digest: first the builder image, then what
// the plan and the caller know, then the sources.
func dependencies(build Build, projects []Project) []*intoto.ResourceDescriptor {
	var all []*intoto.ResourceDescriptor
	if id := strings.TrimPrefix(build.ImageID, shaPrefix); isSHA256(id) {
		all = append(all, descriptor("builder image "+build.Plan.Image.Tag, id))
	}
	for _, m := range build.Materials {
		all = append(all, m.descriptor())
	}
	known := map[string]bool{}
	for _, p := range projects {
		known[p.Name] = true
		d := Material{Name: p.Name, URI: gitURI(p.URL, p.Commit), Commit: p.Commit}.descriptor()
		d.Annotations = annotation("path", p.Path)
		all = append(all, d)
	}
	for _, source := range build.Sources {
		if known[source.Name] {
			continue
		}
		m := Material{Name: source.Name, Commit: source.Revision, SHA256: strings.TrimPrefix(source.Revision, shaPrefix)}
		if source.Name == manifestSource {
			m.Name, m.URI = "manifest repository", gitURI(build.ManifestURL, source.Revision)
		}
		d := m.descriptor()
		if len(d.Digest) == 0 { // a revision of a kind of its own
			d.Annotations = annotation("revision", source.Revision)
		}
		all = append(all, d)
	}
	return all
}

// manifestSource is what a sync calls the manifest's own repository, among the revisions that it reports.
const manifestSource = "manifest"

func (m Material) descriptor() *intoto.ResourceDescriptor {
	d := &intoto.ResourceDescriptor{Name: m.Name, Uri: m.URI, Digest: map[string]string{}}
	if isCommit(m.Commit) {
		d.Digest["gitCommit"] = m.Commit
	}
	if isSHA256(m.SHA256) {
		d.Digest["sha256"] = m.SHA256
	}
	return d
}

func annotation(name, value string) *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{name: structpb.NewStringValue(value)}}
}
