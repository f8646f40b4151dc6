package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// source gives an archive, and then fails or not.
type source struct {
	archive []byte
	err     error
}

func (s source) ListArtifacts(context.Context, builder.Plan) ([]byte, error) { return s.archive, s.err }
func (s source) ExportArtifacts(_ context.Context, _ builder.Plan, out io.Writer) error {
	if _, err := out.Write(s.archive); err != nil {
		return err
	}
	return s.err
}

// entry is a file of an archive: a header, and its contents.
type entry struct {
	tar.Header
	content string
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.Size = int64(len(e.content))
		if e.Mode == 0 {
			e.Mode = 0o644
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func get(t testing.TB, s source, directory string) error {
	t.Helper()
	return artifact.Get(context.Background(), s, builder.Plan{}, directory, func(artifact.File) {})
}

// tree is every file below a directory, and what is in it.
func tree(t testing.TB, directory string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(directory, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(directory, path)
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFilesComeOutWithTheirChecksums(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new", "out")
	built := time.Date(2014, 12, 2, 19, 30, 0, 0, time.UTC)
	err := get(t, source{archive: archive(t,
		entry{tar.Header{Name: "image.bin", ModTime: built}, "hello"},
		entry{tar.Header{Name: "./run.sh", Mode: 0o755}, "#!/bin/sh\n"})}, directory)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	wanted := map[string]string{"image.bin": "hello", "run.sh": "#!/bin/sh\n",
		"SHA256SUMS": sum("hello") + "  image.bin\n" + sum("#!/bin/sh\n") + "  run.sh\n"}
	if difference := cmp.Diff(wanted, tree(t, directory)); difference != "" {
		t.Error(difference)
	}
	image, err1 := os.Stat(filepath.Join(directory, "image.bin"))
	script, err2 := os.Stat(filepath.Join(directory, "run.sh"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !image.ModTime().Equal(built) || image.Mode()&0o111 != 0 || script.Mode()&0o100 == 0 {
		t.Errorf("got %v %v, %v", image.ModTime(), image.Mode(), script.Mode())
	}
}

func TestWhatIsNoPlainFileRightThereIsRefused(t *testing.T) {
	for what, hostile := range map[string]entry{
		"the directory above":   {tar.Header{Name: "../escaped"}, "x"},
		"an absolute name":      {tar.Header{Name: "/tmp/escaped"}, "x"},
		"a directory below":     {tar.Header{Name: "below/escaped"}, "x"},
		"a name with a newline": {tar.Header{Name: "two\nlines"}, "x"},
		"a name with a \\":      {tar.Header{Name: `a\b`}, "x"},
		"a dot":                 {tar.Header{Name: "."}, "x"},
		"a symbolic link":       {tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""},
		"a hard link":           {tar.Header{Name: "link", Typeflag: tar.TypeLink, Linkname: "good"}, ""},
		"a device":              {tar.Header{Name: "device", Typeflag: tar.TypeBlock, Devmajor: 8}, ""},
		"a pipe":                {tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}, ""},
		"a directory":           {tar.Header{Name: "dir/", Typeflag: tar.TypeDir}, ""},
		"the same again":        {tar.Header{Name: "good"}, "x"},
		"the file of checksums": {tar.Header{Name: "SHA256SUMS"}, "x"},
		"the name of a part":    {tar.Header{Name: "good.part"}, "x"},
	} {
		t.Run(what, func(t *testing.T) {
			above := t.TempDir()
			err := get(t, source{archive: archive(t, entry{tar.Header{Name: "good"}, "good"}, hostile)}, filepath.Join(above, "out"))
			if err == nil {
				t.Error("it is taken")
			}
			if difference := cmp.Diff(map[string]string{"out/good": "good"}, tree(t, above)); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestNoLinkThatIsThereIsFollowed(t *testing.T) {
	above := t.TempDir()
	out, outside := filepath.Join(above, "out"), filepath.Join(above, "outside")
	if err := errors.Join(os.Mkdir(out, 0o755), os.WriteFile(outside, []byte("mine"), 0o644),
		os.Symlink(outside, filepath.Join(out, "a")), os.Symlink(outside, filepath.Join(out, "a.part")),
		os.Symlink(outside, filepath.Join(out, "SHA256SUMS"))); err != nil {
		t.Fatal(err)
	}
	if err := get(t, source{archive: archive(t, entry{tar.Header{Name: "a"}, "new"})}, out); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, above); got["outside"] != "mine" || got["out/a"] != "new" {
		t.Errorf("got %v", got)
	}
}

// A file bears its name only when it is whole, whatever goes wrong.
func TestWhatIsCutOffBearsNoName(t *testing.T) {
	whole := archive(t, entry{tar.Header{Name: "first"}, "1"}, entry{tar.Header{Name: "second"}, strings.Repeat("2", 5000)})
	for what, s := range map[string]source{
		"the archive ends":    {archive: whole[:4000]},
		"the source fails":    {archive: whole[:4000], err: errors.New("the connection broke")},
		"it is no archive":    {archive: []byte("no archive")},
		"it fails in the end": {archive: whole, err: errors.New("tar failed")},
	} {
		directory := t.TempDir()
		err := get(t, s, directory)
		if err == nil || s.err != nil && !errors.Is(err, s.err) {
			t.Errorf("%s: got %v", what, err)
		}
		got := tree(t, directory)
		if second, ok := got["second"]; ok && len(second) != 5000 {
			t.Errorf("%s: half a file has its name", what)
		}
		if _, ok := got["SHA256SUMS"]; ok {
			t.Errorf("%s: there are checksums", what)
		}
	}
}

// Whatever is in a file, it comes out the same, and what is zero takes no room.
func TestHolesStayHoles(t *testing.T) {
	random := rand.New(rand.NewPCG(2014, 12))
	for range 20 {
		content := make([]byte, random.IntN(4<<20))
		for range random.IntN(5) {
			if len(content) == 0 {
				break
			}
			start := random.IntN(len(content))
			for i := start; i < min(start+random.IntN(100<<10), len(content)); i++ {
				content[i] = byte(random.IntN(256))
			}
		}
		directory := t.TempDir()
		if err := get(t, source{archive: archive(t, entry{tar.Header{Name: "image"}, string(content)})}, directory); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, directory)["image"]; got != string(content) {
			t.Fatalf("%d bytes came out as other %d", len(content), len(got))
		}
	}
	directory := t.TempDir()
	if err := get(t, source{archive: archive(t, entry{tar.Header{Name: "empty"}, strings.Repeat("\x00", 8<<20)})}, directory); err != nil {
		t.Fatal(err)
	}
	var stat syscall.Stat_t
	if err := syscall.Stat(filepath.Join(directory, "empty"), &stat); err != nil || stat.Size != 8<<20 || stat.Blocks*512 > 64<<10 {
		t.Errorf("8 MiB of zeros have %d bytes and take %d (%v)", stat.Size, stat.Blocks*512, err)
	}
}

func TestAListIsReadStrictly(t *testing.T) {
	files, err := artifact.List(context.Background(), source{archive: []byte("10 8 1416871800.5 b\x004096 16 0 a b\x00")}, builder.Plan{})
	if err != nil || len(files) != 2 || files[0].Name != "a b" || files[0].Stored != 4096 || files[1].Stored != 10 {
		t.Errorf("got %+v, %v", files, err)
	}
	for _, bad := range []string{"x", "1 2 3", "x 1 1 a", "1 1 1 ../a", "1 1 1 a\n"} {
		if _, err := artifact.List(context.Background(), source{archive: []byte(bad + "\x00")}, builder.Plan{}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzGet(f *testing.F) {
	f.Add(archive(f, entry{tar.Header{Name: "good"}, "good"}))
	f.Add(archive(f, entry{tar.Header{Name: "../up"}, "x"}, entry{tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, ""}))
	f.Fuzz(func(t *testing.T, data []byte) {
		above := t.TempDir()
		_ = get(t, source{archive: data}, filepath.Join(above, "out"))
		for name := range tree(t, above) {
			if filepath.Dir(name) != "out" {
				t.Errorf("%q was written", name)
			}
		}
	})
}
