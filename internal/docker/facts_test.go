package docker

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"
)

func TestAnEngineIsNamedAsItNamesItself(t *testing.T) {
	var docker, packaged, podman, bare types.Version
	packaged.Version, packaged.Components = "20.10.24+dfsg1", []types.ComponentVersion{{Name: "Engine"}, {Name: "containerd"}}
	docker.Platform.Name, docker.Version = "Docker Engine - Community", "28.5.2"
	podman.Platform.Name, podman.Version = "linux/amd64/fedora-42", "5.4.0"
	podman.Components = []types.ComponentVersion{{Name: "Podman Engine"}}
	bare.Version = "20.10.24"
	for want, found := range map[string]types.Version{
		"Docker Engine - Community 28.5.2": docker, "Podman Engine 5.4.0": podman, "20.10.24": bare, "": {},
		"Docker Engine 20.10.24+dfsg1": packaged,
	} {
		if got := versionOf(found); got != want {
			t.Errorf("got %q, not %q", got, want)
		}
	}
}

func TestABaseImageIsKnownByItsLayers(t *testing.T) {
	inspect := func(layers string, digests ...string) image.InspectResponse {
		return image.InspectResponse{RootFS: image.RootFS{Layers: strings.Fields(layers)}, RepoDigests: digests}
	}
	digests := []string{"mirror.example:5000/debian@sha256:22", "debian@sha256:11", "debian"}
	for _, c := range []struct{ built, from, base, want string }{
		{"a b c", "a b", "debian:bookworm-slim", "sha256:11"},
		{"a b c", "a b", "mirror.example:5000/debian", "sha256:22"},
		{"a b c", "a b", "mirror.example:5000/debian:12@sha256:22", "sha256:22"},
		{"a b c", "a x", "debian:bookworm-slim", ""}, // the tag has moved since
		{"a", "a b", "debian", ""},
		{"a b", "", "debian", ""},
		{"a b", "a", "ubuntu:14.04", ""}, // it came from no registry
	} {
		if got := baseDigest(inspect(c.built), inspect(c.from, digests...), c.base); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestAFileOfAWorkspaceIsReadStrictly(t *testing.T) {
	archive := func(headers ...tar.Header) *bytes.Buffer {
		var all bytes.Buffer
		w := tar.NewWriter(&all)
		for _, h := range headers {
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(make([]byte, h.Size)); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		return &all
	}
	file := tar.Header{Name: "manifest.xml", Typeflag: tar.TypeReg, Size: 10}
	if content, err := onlyFile(archive(file), 10); err != nil || len(content) != 10 {
		t.Errorf("got %q, %v", content, err)
	}
	link := tar.Header{Name: "manifest.xml", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}
	for what, bad := range map[string]*bytes.Buffer{
		"it is not a plain file":     archive(link),
		"it is larger than 10 bytes": archive(tar.Header{Name: "manifest.xml", Typeflag: tar.TypeReg, Size: 11}),
		"it is not one file":         archive(file, file),
		"EOF":                        archive(),
		"unexpected EOF":             bytes.NewBuffer(archive(file).Bytes()[:515]),
	} {
		if _, err := onlyFile(bad, 10); err == nil || err.Error() != what {
			t.Errorf("got %v, not %q", err, what)
		}
	}
}
