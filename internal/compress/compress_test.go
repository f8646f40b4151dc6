package compress_test

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// chunks are the chunk sizes of the formats. They are part of what comes out: to change one is to change every digest. Those
// of xz and bz2 are what most tests have them cut by; TestXzListsABlockForEachChunk and TestBz2WritesAStreamForEachChunk hold
// them to their own.
var chunks = map[string]int{"zstd": 4 << 20, "xz": compress.SmallXzChunk, "gz": 1 << 20, "bz2": compress.SmallBz2Chunk}

// readers unpack by other means than they were packed by, where there are any.
var readers = map[string]func(io.Reader) (io.Reader, error){
	"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	"xz":   func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) },
	"gz":   func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"bz2":  func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil },
}

// image is of this size and like that of a disk: zeros, and here and there something, some of which can be packed. The same
// seed and size give the same image.
func image(seed uint64, size int) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	content := make([]byte, size)
	for at := 0; at < size; {
		length := min(1+random.IntN(min(256<<10, 1+size/96)), size-at)
		part := content[at : at+length]
		switch random.IntN(8) {
		case 0:
			for i := range part {
				part[i] = byte(random.Uint32())
			}
		case 1, 2:
			for i := range part {
				part[i] = "the quick brown fox \x00\x00"[random.IntN(6)*random.IntN(4)]
			}
		case 3:
			at += random.IntN(min(40<<20, 2*size))
		}
		at += length
	}
	return content
}

// open is compress.NewWriter, with smaller chunks where packing is slow.
func open(t testing.TB, out io.Writer, format string, cores int) io.WriteCloser {
	t.Helper()
	w, err := compress.NewSmallWriter(out, format, cores)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func pack(t testing.TB, format string, cores int, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	packWith(t, open(t, &out, format, cores), content)
	return out.Bytes()
}

func packWith(t testing.TB, w io.WriteCloser, content []byte) {
	t.Helper()
	if n, err := w.Write(content); err != nil || n != len(content) {
		t.Fatalf("Write = %d, %v", n, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// contents are images of sizes at which something could go wrong.
func contents(chunk int) map[string][]byte {
	ones := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	noise := make([]byte, min(chunk, 300_000)) // bzip2 takes seconds for a megabyte
	rand.NewChaCha8([32]byte{}).Read(noise)
	found := map[string][]byte{
		"zeros then a byte":  append(make([]byte, chunk), 1),
		"a byte then zeros":  append(ones(1), make([]byte, 2*chunk)...),
		"zeros, not a chunk": make([]byte, chunk/2),
		"noise":              noise,
		"an image":           image(1, 3*chunk+12345),
		"all bytes between":  slices.Concat(make([]byte, chunk-1), ones(2), make([]byte, 2*chunk-1), ones(1)),
	}
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk} {
		found[fmt.Sprintf("%d zeros", size)] = make([]byte, size)
		found[fmt.Sprintf("%d ones", size)] = ones(size)
	}
	return found
}

// By other libraries, and by the real tools, where they are there.
func TestWhatIsPackedComesOutAgain(t *testing.T) {
	for _, format := range compress.Formats() {
		for name, content := range contents(chunks[format]) {
			t.Run(format+"/"+name, func(t *testing.T) {
				t.Parallel()
				packed := pack(t, format, 2, content)
				for _, tool := range tools[format] {
					unpackWith(t, tool, packed, content)
				}
				r, err := readers[format](bytes.NewReader(packed))
				if err != nil {
					t.Fatal(err)
				}
				unpacked, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(unpacked, content) {
					t.Errorf("%d bytes went in, %d others came out", len(content), len(unpacked))
				}
			})
		}
	}
}

func TestTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	for _, format := range compress.Formats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			content := image(2, 3*chunks[format]+777)
			one := pack(t, format, 1, content)
			for _, cores := range []int{0, 2, 7} {
				if !bytes.Equal(one, pack(t, format, cores, content)) {
					t.Errorf("%d cores give other bytes than one", cores)
				}
			}
			var out bytes.Buffer
			w := open(t, &out, format, 2)
			for part := range slices.Chunk(content, 65_537) {
				if _, err := w.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one, out.Bytes()) {
				t.Error("many small writes give other bytes than a big one")
			}
		})
	}
}

func TestZerosArePackedOnce(t *testing.T) {
	most := map[string]int{"zstd": 35_000, "xz": 70_000, "gz": 280_000, "bz2": 6_000}
	for _, format := range compress.Formats() {
		var out bytes.Buffer
		w, err := compress.NewWriter(&out, format, 2)
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 16<<20)
		for range 16 { // 256 MiB
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.Len() > most[format] {
			t.Errorf("%s: 256 MiB of zeros became %d bytes", format, out.Len())
		}
	}
}

func TestFormats(t *testing.T) {
	if got := compress.Formats(); !slices.Equal(got, []string{"zstd", "xz", "gz", "bz2"}) {
		t.Errorf("Formats = %v", got)
	}
	for format, extension := range map[string]string{"zstd": ".zst", "xz": ".xz", "gz": ".gz", "bz2": ".bz2", "rar": ""} {
		if got := compress.Extension(format); got != extension {
			t.Errorf("Extension(%q) = %q", format, got)
		}
	}
	_, err := compress.NewWriter(io.Discard, "rar", 1)
	if err == nil || err.Error() != `there is no compression "rar"; there are zstd, xz, gz, bz2` {
		t.Errorf("NewWriter of rar: %v", err)
	}
}
