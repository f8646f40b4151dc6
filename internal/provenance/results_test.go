package provenance_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

var began = time.Date(2014, 12, 2, 19, 30, 0, 0, time.UTC)

// contents are artefacts as upstream makes them.
func contents() map[string]string {
	return map[string]string{
		"coreos_production_image.bin":          strings.Repeat("\x00", 512) + "EFI PART",
		"coreos_production_qemu_image.img":     "QFI\xfb\x00\x00\x00\x02",
		"coreos_production_image_packages.txt": "sys-apps/systemd-215-r4::coreos\nsys-libs/glibc-2.19-r1::portage-stable\n",
		"coreos_developer_image_packages.txt":  "sys-apps/systemd-215-r4::coreos\n",
		"version.txt":                          "COREOS_VERSION=522.6.0\n",
	}
}

// results are a directory with artefacts, as it is after artifact.Get.
func results(t testing.TB, contents map[string]string) (string, *os.Root, []artifact.File) {
	t.Helper()
	directory := t.TempDir()
	var files []artifact.File
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(contents[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, artifact.File{Name: name, Size: int64(len(contents[name])), SHA256: hash(contents[name])})
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return directory, root, files
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// build is a build of which everything is known.
func build() provenance.Build {
	stepDigest := "sha256:" + digest
	plan := builder.Plan{
		Recipe: "coreos", Workspace: "mine",
		Config: builder.Config{Workspace: "mine", Options: map[string][]string{"version": {"522.6.0"}, "format": {"qemu"},
			"manifest_url": {"https://user:token@git.example.org/coreos/manifest.git"}}, Secrets: map[string]bool{"password": true}},
		Image: builder.ImageSource{Name: "coreos", Tag: "coreos-builder/coreos:0123", Context: stepDigest, Args: map[string]string{
			"BASE":               "ubuntu:14.04@sha256:" + digest,
			"DEPOT_TOOLS_URL":    "https://chromium.googlesource.com/chromium/tools/depot_tools.git",
			"DEPOT_TOOLS_COMMIT": commit1,
		}},
		Steps: []builder.Step{{Name: "sync", Phase: "sync", Digest: stepDigest}, {Name: "build_image", Phase: "build_image", Digest: stepDigest,
			Definition: builder.Definition{Inputs: []builder.Input{{Option: "overlays", Files: []builder.File{{Name: "a/b.ebuild", SHA256: digest}}}}}}},
	}
	b := provenance.Describe(plan, builder.Workspace{Stamps: map[string]builder.Stamp{
		"sync": {Digest: stepDigest, Run: "run1", Started: began, Finished: began.Add(time.Minute),
			Sources: []builder.Revision{{Name: "manifest", Revision: commit2}, {Name: "coreos/scripts", Revision: commit1},
				{Name: "sdk", Revision: "sha256:" + digest}, {Name: "odd", Revision: "r42"}}},
		"build_image": {Digest: stepDigest, Run: "run2", Started: began.Add(time.Minute), Finished: began.Add(time.Hour)},
		"image_to_vm": {Digest: stepDigest, Run: "run3", Started: began, Finished: began.Add(48 * time.Hour)},
	}})
	b.Manifest, b.ManifestURL = []byte(manifest), "https://user:token@git.example.org/coreos/manifest.git"
	b.ImageID, b.Version, b.Engine = stepDigest, "v1.0.0", "Docker 28.5.2"
	b.Materials = append(b.Materials, provenance.Material{Name: "SDK 522.0.0", URI: "https://example.org/sdk.tar.bz2", SHA256: digest})
	return b
}

func write(t testing.TB, root *os.Root, files []artifact.File, options provenance.Options) {
	t.Helper()
	if err := provenance.Write(context.Background(), root, build(), files, options); err != nil {
		t.Fatal(err)
	}
}

// tree is every file of a directory, and what is in it.
func tree(t testing.TB, directory string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(content)
	}
	return found
}
