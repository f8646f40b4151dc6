// Package images holds the build contexts of the images: a folder each, with its Dockerfile, to which the folder tools is
// added, where the Dockerfile copies it: the programs that every builder image carries.
package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

//go:embed all:coreos all:demo all:qemu all:tools
var files embed.FS

// Names are the names of the images, sorted.
func Names() []string {
	var names []string
	entries, _ := files.ReadDir(".")
	for _, entry := range entries {
		if entry.Name() != "tools" {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names
}

// Context is the build context of an image as a tar archive: the same bytes for the same files, on every machine.
func Context(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("there is no builder image %s; there are %s", name, Names())
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := add(w, name, ""); err != nil {
		return nil, err
	}
	if usesTools(name) {
		if err := add(w, "tools", "tools"); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// usesTools tells whether an image carries the tools: what it does not carry must not change its digest.
func usesTools(name string) bool {
	dockerfile, _ := files.ReadFile(name + "/Dockerfile")
	return bytes.Contains(dockerfile, []byte("\nCOPY tools"))
}

// Digest is the digest of an image's build context: "sha256:" and 64 hexadecimal digits.
func Digest(name string) (string, error) {
	archive, err := Context(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(archive)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// add puts the files of a folder into the archive, below a prefix.
func add(w *tar.Writer, folder, prefix string) error {
	return fs.WalkDir(files, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: path.Join(prefix, name[len(folder)+1:]),
			Mode: mode(content),
			Size: int64(len(content)),
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
}

// mode is that of a program for every script: embedded files have no modes of their own.
func mode(content []byte) int64 {
	if bytes.HasPrefix(content, []byte("#!")) {
		return 0o755
	}
	return 0o644
}
