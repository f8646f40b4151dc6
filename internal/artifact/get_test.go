package artifact_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

func TestFilesComeOutWithTheirChecksums(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new", "out")
	script := plain("run.sh", "#!/bin/sh\n")
	script.record = strings.Replace(script.record, "644", "755", 1)
	files, err := artifact.Get(context.Background(), stream{said: send(plain("image.bin", "hello"), script, plain("nothing", ""))}, builder.Plan{}, directory, options())
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]string{"image.bin": "hello", "run.sh": "#!/bin/sh\n", "nothing": ""}
	for _, file := range files {
		if sum := sha256.Sum256([]byte(wanted[file.Name])); file.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has the checksum %s", file.Name, file.SHA256)
		}
	}
	if len(files) != len(wanted) {
		t.Errorf("got %+v", files)
	}
	if difference := cmp.Diff(wanted, tree(t, directory)); difference != "" {
		t.Error(difference)
	}
	image, err1 := os.Stat(filepath.Join(directory, "image.bin"))
	run, err2 := os.Stat(filepath.Join(directory, "run.sh"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !image.ModTime().Equal(time.Date(2014, 12, 2, 19, 30, 0, 0, time.UTC)) || image.Mode()&0o111 != 0 || run.Mode()&0o100 == 0 {
		t.Errorf("got %v %v, %v", image.ModTime(), image.Mode(), run.Mode())
	}
}

func TestWhatIsNoFileRightThereIsRefused(t *testing.T) {
	for what, name := range map[string]string{
		"the directory above":    "../escaped",
		"an absolute name":       "/tmp/escaped",
		"a directory below":      "below/escaped",
		"a name with a newline":  "two\nlines",
		"a name with an escape":  "e\x1b[2J",
		"a name that is no text": "a\xff",
		"a name with a \\":       `a\b`,
		"a dot":                  ".",
		"no name":                "",
		"the same again":         "good",
		"the file of checksums":  "SHA256SUMS",
		"the name of a part":     "good.part",
	} {
		t.Run(what, func(t *testing.T) {
			above := t.TempDir()
			if err := get(t, stream{said: send(plain("good", "good"), plain(name, "x"))}, filepath.Join(above, "out")); err == nil {
				t.Error("it is taken")
			}
			if difference := cmp.Diff(map[string]string{}, tree(t, above)); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestWhatNoFileCanBeIsRefused(t *testing.T) {
	at := func(index uint32, offset uint32, data string) entry {
		return entry{"10 8 644 1 %s f", 10, []window{{index, map[uint32]string{offset: data}, []uint32{offset}}}}
	}
	damaged := send(plain("f", "hello"))
	damaged[len(damaged)-67]++ // in the data
	otherwise := send(plain("f", "hello"))
	otherwise[len(otherwise)-40]++ // the content digest
	for what, said := range map[string][]byte{
		"data behind its end":            send(at(0, 8, "xyz")),
		"a window behind its end":        send(at(1, 0, "x")),
		"a window without data":          send(entry{"10 8 644 1 %s f", 10, []window{{0, nil, nil}}}),
		"windows out of order":           send(entry{"3145728 8 644 1 %s f", 3 << 20, []window{at(1, 0, "x").windows[0], at(0, 0, "x").windows[0]}}),
		"runs that overlap":              send(entry{"10 8 644 1 %s f", 10, []window{{0, map[uint32]string{0: "abc", 1: "xyz"}, []uint32{0, 1}}}}),
		"a size below nothing":           send(entry{"-1 8 644 1 %s f", 0, nil}),
		"a size that nothing has":        send(entry{"99999999999999 8 644 1 %s f", 0, nil}),
		"a digest that is none":          send(entry{"0 8 644 1 xyz f%.0s", 0, nil}),
		"a byte that changed on the way": damaged,
		"another digest":                 otherwise,
		"a kind that is not known":       append([]byte("0 0 644 1 - f\x00\x00"), 'x'),
		"what would be there already":    append([]byte("10 8 644 1 - f\x00\x00h\x00\x00\x00\x00"), make([]byte, 32)...),
		"no list":                        []byte("hello\x00"),
		"an endless record":              []byte(strings.Repeat("x", 1<<20)),
	} {
		t.Run(what, func(t *testing.T) {
			directory := t.TempDir()
			if err := get(t, stream{said: said}, directory); err == nil {
				t.Error("it is taken")
			}
			got := tree(t, directory)
			delete(got, "f.part")
			if len(got) > 0 {
				t.Errorf("there is %v", got)
			}
		})
	}
}

func TestNoLinkThatIsThereIsFollowed(t *testing.T) {
	above := t.TempDir()
	out, outside := filepath.Join(above, "out"), filepath.Join(above, "outside")
	if err := errors.Join(os.Mkdir(out, 0o755), os.WriteFile(outside, []byte("mine"), 0o644),
		os.Symlink(outside, filepath.Join(out, "a")), os.Symlink(outside, filepath.Join(out, "a.part"))); err != nil {
		t.Fatal(err)
	}
	if err := get(t, stream{said: send(plain("a", "new"))}, out); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, above); got["outside"] != "mine" || got["out/a"] != "new" {
		t.Errorf("got %v", got)
	}
}

// A file bears its name only when it is whole, whatever goes wrong.
func TestWhatIsCutOffBearsNoName(t *testing.T) {
	whole := send(plain("first", "1"), plain("second", strings.Repeat("2", 5000)))
	for at := range whole {
		if at%97 != 0 {
			continue
		}
		directory := t.TempDir()
		failure := errors.New("the connection broke")
		if err := get(t, stream{said: whole[:at], err: failure}, directory); !errors.Is(err, failure) {
			t.Errorf("at %d: got %v", at, err)
		}
		got := tree(t, directory)
		if second, ok := got["second"]; ok && len(second) != 5000 {
			t.Errorf("at %d: there is %v", at, got)
		}
	}
}

func TestAListIsReadStrictly(t *testing.T) {
	sum := strings.Repeat("a0", 32)
	files, err := artifact.List(context.Background(), stream{said: []byte("10 8 644 1416871800.5 - b\x004096 16 755 0 " + sum + " a b\x00")}, builder.Plan{})
	if err != nil || len(files) != 2 || files[1].Name != "a b" || files[1].Stored != 4096 || files[0].Stored != 10 || files[1].SHA256 != sum {
		t.Errorf("got %+v, %v", files, err)
	}
	for _, bad := range []string{"x", "1 2 3", "x 1 644 1 - a", "1 1 644 1 - ../a", "1 1 644 1 - a\n", "1 1 9 1 - a", "1 1 644 1 x a", ""} {
		if _, err := artifact.List(context.Background(), stream{said: []byte(bad + "\x00")}, builder.Plan{}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzGet(f *testing.F) {
	f.Add(send(plain("good", "good")))
	f.Add(send(plain("../up", "x"), plain("good", "x")))
	f.Add(send(entry{"3145728 8 644 1 %s f", 3 << 20, []window{{2, map[uint32]string{7: "xyz"}, []uint32{7}}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		above := t.TempDir()
		_ = get(t, stream{said: data}, filepath.Join(above, "out"))
		entries, err := filepath.Glob(filepath.Join(above, "*", "*", "*"))
		others, err2 := filepath.Glob(filepath.Join(above, "*"))
		if err != nil || err2 != nil || len(entries) > 0 || len(others) != 1 {
			t.Errorf("there is %v %v", entries, others)
		}
	})
}

func TestADirectoryIsFetchedToByOneAtATime(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new", "out")
	release, err := artifact.Claim(directory)
	if err != nil {
		t.Fatal(err)
	}
	var input *builder.InputError
	if _, err := artifact.Claim(directory); !errors.As(err, &input) || !strings.Contains(err.Error(), "another coreos-builder fetches to") {
		t.Errorf("got %v", err)
	}
	release()
	release, err = artifact.Claim(directory)
	if err != nil {
		t.Fatal(err)
	}
	release()
}
