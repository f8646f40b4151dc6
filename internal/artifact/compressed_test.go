package artifact_test

import (
	"compress/bzip2"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/compress"
)

var readers = map[string]func(io.Reader) (io.Reader, error){
	"bz2":  func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil },
	"gz":   func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"xz":   func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) },
	"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
}

// Large files come compressed, holes and all; small ones, lists and what is compressed already as they are.
func TestImagesComeCompressedWhenAsked(t *testing.T) {
	p := newProgram(t, "python3")
	image := make([]byte, 5<<20+777)
	copy(image[2<<20:], noise(rand.New(rand.NewPCG(2014, 12)), 300_000))
	name := filepath.Join(p.directory, "image.bin")
	if err := errors.Join(os.WriteFile(name, image[2<<20:2<<20+300_000], 0o644), os.Truncate(name, 0), os.Truncate(name, int64(len(image))),
		writeAt(name, image[2<<20:2<<20+300_000], 2<<20),
		os.WriteFile(filepath.Join(p.directory, "small.txt"), []byte("small"), 0o644),
		os.WriteFile(filepath.Join(p.directory, "update.gz"), make([]byte, 2<<20), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, format := range compress.Formats() {
		out, o := t.TempDir(), options()
		o.Compress = format
		files, err := artifact.Get(context.Background(), p, plan, out, o)
		if err != nil {
			t.Fatal(err)
		}
		got := tree(t, out)
		packed := got["image.bin"+compress.Extension(format)]
		sum := sha256.Sum256([]byte(packed))
		if len(files) != 3 || files[0].Name != "image.bin"+compress.Extension(format) || files[0].SHA256 != hex.EncodeToString(sum[:]) || files[0].Size != int64(len(packed)) {
			t.Errorf("%s: got %+v", format, files)
		}
		if got["small.txt"] != "small" || len(got["update.gz"]) != 2<<20 || len(got) != 3 {
			t.Errorf("%s: what is not to be compressed is %v", format, files)
		}
		r, err := readers[format](strings.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := io.ReadAll(r); err != nil || string(unpacked) != string(image) {
			t.Errorf("%s: it is unpacked to %d other bytes (%v)", format, len(unpacked), err)
		}
	}
}

func writeAt(name string, data []byte, offset int64) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(data, offset)
	return errors.Join(err, file.Close())
}
