package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Sums is the name of the file of checksums, in the form that sha256sum reads.
const Sums = "SHA256SUMS"

// partSuffix is added to the name of a file that is not whole yet.
const partSuffix = ".part"

// Get takes the artefacts of a plan out to a directory, which is made if it is not there, and writes their checksums
// beside them. Nothing is written anywhere else. A file bears its name when it is whole; until then ".part" is added.
// Each file that is done is reported.
func Get(ctx context.Context, source Source, plan builder.Plan, directory string, report func(File)) error {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close()
	reader, writer := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		err := source.ExportArtifacts(ctx, plan, writer)
		writer.CloseWithError(err)
		sent <- err
	}()
	files, err := unpack(root, tar.NewReader(reader), report)
	if err == nil {
		_, err = io.Copy(io.Discard, reader) // an archive is padded at its end
	}
	reader.CloseWithError(err)
	// What went wrong here ends the sending too; what went wrong there comes here as the reader's error.
	if failure := <-sent; err == nil {
		err = failure
	}
	if err != nil {
		return fmt.Errorf("take the artefacts to %s: %w", directory, err)
	}
	return writeSums(root, files)
}

func unpack(root *os.Root, archive *tar.Reader, report func(File)) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return files, err
		}
		header.Name = strings.TrimPrefix(header.Name, "./")
		if err := checkHeader(header); err != nil {
			return files, err
		}
		if seen[header.Name] {
			return files, fmt.Errorf("%q comes twice", header.Name)
		}
		seen[header.Name] = true
		file, err := writeFile(root, header, archive)
		if err != nil {
			return files, err
		}
		files = append(files, file)
		report(file)
	}
}

// writeFile writes one file, with its holes, under its own name once it is whole.
func writeFile(root *os.Root, header *tar.Header, content io.Reader) (File, error) {
	mode := os.FileMode(0o666)
	if header.Mode&0o100 != 0 {
		mode = 0o777
	}
	part := header.Name + partSuffix
	if err := root.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return File{}, err
	}
	out, err := root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	size, err := copySparse(out, io.TeeReader(content, sum))
	if err == nil && size != header.Size {
		err = fmt.Errorf("%q was cut off after %d of %d bytes", header.Name, size, header.Size)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return File{}, err
	}
	if err := root.Chtimes(part, header.ModTime, header.ModTime); err != nil {
		return File{}, err
	}
	if err := root.Rename(part, header.Name); err != nil {
		return File{}, err
	}
	return File{Name: header.Name, Size: size, Modified: header.ModTime, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

func writeSums(root *os.Root, files []File) error {
	var text bytes.Buffer
	for _, file := range files {
		fmt.Fprintf(&text, "%s  %s\n", file.SHA256, file.Name)
	}
	if err := root.WriteFile(Sums+partSuffix, text.Bytes(), 0o666); err != nil {
		return err
	}
	return root.Rename(Sums+partSuffix, Sums)
}
