package compress_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	seekable "github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"

	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// tools are the programs that read each format.
var tools = map[string][]string{
	"zstd": {"zstd"},
	"xz":   {"xz", "xz -T0"},
	"gz":   {"gzip", "pigz"},
	"bz2":  {"bzip2", "lbzip2", "pbzip2"},
}

// unpackWith unpacks with a real tool, where it is there.
func unpackWith(t *testing.T, tool string, packed, content []byte) {
	t.Helper()
	command := append(strings.Fields(tool), "-dc")
	if _, err := exec.LookPath(command[0]); err != nil {
		return
	}
	unpack := exec.Command(command[0], command[1:]...)
	unpack.Stdin = bytes.NewReader(packed)
	var complaints strings.Builder
	unpack.Stderr = &complaints
	unpacked, err := unpack.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("%s: %v: %s", tool, err, complaints.String())
	} else if !bytes.Equal(unpacked, content) {
		t.Errorf("%s: other bytes came out", tool)
	}
}

// xzChunk is the size of a block of xz's, and part of what comes out.
const xzChunk = 8 << 20

func TestXzListsABlockForEachChunk(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("there is no xz here")
	}
	content := bytes.Repeat([]byte("the quick brown fox\n"), xzChunk/20+1) // what repeats is packed fast
	var packed bytes.Buffer
	w, err := compress.NewWriter(&packed, "xz", 2)
	if err != nil {
		t.Fatal(err)
	}
	packWith(t, w, content)
	unpackWith(t, "xz", packed.Bytes(), content)
	file := filepath.Join(t.TempDir(), "image.xz")
	if err := os.WriteFile(file, packed.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	list, err := exec.Command("xz", "--robot", "--verbose", "--list", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var sizes []string
	for line := range strings.Lines(string(list)) {
		if fields := strings.Split(line, "\t"); fields[0] == "block" {
			sizes = append(sizes, fields[7])
		}
	}
	if want := []string{"8388608", "12"}; !slices.Equal(sizes, want) {
		t.Errorf("the blocks are of %v bytes, not %v:\n%s", sizes, want, list)
	}
}

func TestBz2WritesAStreamForEachChunk(t *testing.T) {
	content := bytes.Repeat([]byte{1}, 3_583_616+1)
	for streams, size := range map[int]int{1: len(content) - 1, 2: len(content)} {
		var packed bytes.Buffer
		w, err := compress.NewWriter(&packed, "bz2", 2)
		if err != nil {
			t.Fatal(err)
		}
		packWith(t, w, content[:size])
		if n := bytes.Count(packed.Bytes(), []byte("BZh91AY&SY")); n != streams {
			t.Errorf("%d bytes became %d streams, not %d", size, n, streams)
		}
	}
}

func TestZstdCanBeReadFromAnyPlace(t *testing.T) {
	content := image(5, 5*chunks["zstd"]+99)
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	r, err := seekable.NewReader(bytes.NewReader(pack(t, "zstd", 2, content)), decoder)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, at := range []int{0, 1, chunks["zstd"] - 50, 3 * chunks["zstd"], len(content) - 100} {
		part := make([]byte, 100)
		if _, err := r.ReadAt(part, int64(at)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(part, content[at:at+100]) {
			t.Errorf("other bytes at %d", at)
		}
	}
	if size, err := r.Seek(0, io.SeekEnd); err != nil || size != int64(len(content)) {
		t.Errorf("the table says %d bytes, %v", size, err)
	}
}
