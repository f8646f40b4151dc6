package provenance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

func TestAnImageIsNamedOnceAndWithADigestAlone(t *testing.T) {
	var b provenance.Build
	b.AddImage("debian:bookworm-slim", "sha256:"+digest)
	b.AddImage("debian:bookworm-slim@sha256:"+digest, "sha256:"+digest)
	b.AddImage("ubuntu:14.04", "")
	b.AddImage("ubuntu:14.04", digest)
	b.AddImage("", "")
	want := []provenance.Material{{Name: "image debian:bookworm-slim", URI: "docker://debian:bookworm-slim", SHA256: digest}}
	if difference := cmp.Diff(want, b.Materials); difference != "" {
		t.Error(difference)
	}
}
