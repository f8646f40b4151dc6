package artifact_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// pythons are those that the sender has to run on.
var pythons = []string{"python3", "python2"}

func TestWhatIsThereComesOut(t *testing.T) {
	for _, python := range pythons {
		t.Run(python, func(t *testing.T) {
			p := newProgram(t, python)
			random := rand.New(rand.NewPCG(2014, 12))
			for i := range 20 {
				writeImage(t, random, filepath.Join(p.directory, fmt.Sprintf("image%d", i)))
			}
			for _, when := range []string{"before their digests are kept", "after"} {
				out := t.TempDir()
				if err := get(t, p, out); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				same(t, p.directory, out)
				if said, err := p.command(t.Context(), "record", nil).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, said)
				}
			}
		})
	}
}

// noise is data that nothing packs.
func noise(random *rand.Rand, size int) []byte {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], random.Uint64())
	data := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(data)
	return data
}

// writeImage writes a file with data here and there, some of it zero, and holes.
func writeImage(t testing.TB, random *rand.Rand, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	size := random.Int64N(12 << 20)
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for range random.IntN(6) {
		data := make([]byte, random.IntN(400<<10))
		if random.IntN(4) > 0 {
			data = noise(random, len(data))
		}
		if _, err := file.WriteAt(data, random.Int64N(size+1)); err != nil {
			t.Fatal(err)
		}
	}
}

// same sees that two directories hold the same, and as few data.
func same(t testing.TB, there, here string) {
	t.Helper()
	got := tree(t, here)
	for name, content := range tree(t, there) {
		if got[name] != content {
			t.Errorf("%s is another", name)
		}
		if mine, theirs := taken(t, filepath.Join(here, name)), taken(t, filepath.Join(there, name)); mine > theirs+64<<10 {
			t.Errorf("%s takes %d bytes, and %d there", name, mine, theirs)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("there is also %v", slices.Collect(maps.Keys(got)))
	}
}

func taken(t testing.TB, path string) int64 {
	t.Helper()
	var status syscall.Stat_t
	if err := syscall.Stat(path, &status); err != nil {
		t.Fatal(err)
	}
	return status.Blocks * 512
}

func TestZerosBecomeHolesWhenAsked(t *testing.T) {
	p := newProgram(t, "python3")
	if err := os.WriteFile(filepath.Join(p.directory, "zeros"), make([]byte, 8<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dig := range []bool{false, true} {
		out, o := t.TempDir(), options()
		o.Dig = dig
		if _, err := artifact.Get(context.Background(), p, plan, out, o); err != nil {
			t.Fatal(err)
		}
		if size := taken(t, filepath.Join(out, "zeros")); (size < 1<<20) != dig {
			t.Errorf("with Dig %v they take %d bytes", dig, size)
		}
	}
}

// However often the connection is cut, in the end everything is there, and nothing that had come came twice.
func TestWhatIsCutGoesOn(t *testing.T) {
	p := newProgram(t, "python3")
	random := rand.New(rand.NewPCG(2014, 12))
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(p.directory, fmt.Sprintf("image%d", i)), noise(random, 7<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cuts := 0
	p.cut = func() int64 {
		if cuts++; cuts > 20 {
			return -1
		}
		return random.Int64N(3 << 20)
	}
	out, o := t.TempDir(), options()
	reported := map[string]int{}
	o.Report = func(f artifact.File) { reported[f.Name]++ }
	o.Again = func(err error) bool {
		for name := range tree(t, out) {
			if plain, part := strings.CutSuffix(name, ".part"); !part {
				if data, err := os.ReadFile(filepath.Join(p.directory, plain)); err != nil || len(data) != 7<<20 {
					t.Errorf("%s has its name", name)
				}
			}
		}
		return errors.Is(err, errCut)
	}
	o.Pause = time.Microsecond
	for range 10 { // each gives up when nothing has come for a while
		_, err := artifact.Get(context.Background(), p, plan, out, o)
		if err == nil {
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
	same(t, p.directory, out)
	if cuts <= 20 || len(reported) != 3 {
		t.Errorf("there were %d cuts, and %v", cuts, reported)
	}
}

func TestWhatIsThereIsNotFetchedAgain(t *testing.T) {
	p := newProgram(t, "python3")
	write := func(name, content string, at time.Time) {
		t.Helper()
		path := filepath.Join(p.directory, name)
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Date(2014, 12, 2, 0, 0, 0, 0, time.UTC)
	content := strings.Repeat("x", 3<<20)
	write("image", content, then)
	out := t.TempDir()
	came := func() (total int64) {
		t.Helper()
		o := options()
		o.Progress = func(now, _, _ int64) { total = now }
		if _, err := artifact.Get(context.Background(), p, plan, out, o); err != nil {
			t.Fatal(err)
		}
		same(t, p.directory, out)
		return total
	}
	steps := []struct {
		what   string
		change func()
		came   int64
	}{
		{"nothing is there", func() {}, 3 << 20},
		{"everything is there", func() {}, 0},
		{"it has changed since", func() { write("image", content+"y", then) }, 3<<20 + 1},
		{"it has changed, but not its size and time", func() { write("image", content+"z", then) }, 3<<20 + 1},
		{"what is there was changed", func() {
			path := filepath.Join(out, "image")
			if err := errors.Join(os.WriteFile(path, []byte("y"+content), 0o644), os.Chtimes(path, then, then)); err != nil {
				t.Fatal(err)
			}
		}, 3<<20 + 1},
		{"a part of it is there", func() {
			path := filepath.Join(out, "image")
			if err := errors.Join(os.Rename(path, path+".part"), os.Truncate(path+".part", 1<<20+5)); err != nil {
				t.Fatal(err)
			}
		}, 2<<20 + 1},
		{"a part of another is there", func() {
			path := filepath.Join(out, "image")
			if err := errors.Join(os.Remove(path), os.WriteFile(path+".part", []byte(strings.Repeat("o", 2<<20)), 0o644)); err != nil {
				t.Fatal(err)
			}
		}, 3<<20 + 1},
	}
	for _, step := range steps {
		step.change()
		if got := came(); got != step.came {
			t.Errorf("%s: %d bytes came, not %d", step.what, got, step.came)
		}
	}
}

// As long as each try brings something, however little, the next is made.
func TestEveryTryCounts(t *testing.T) {
	p := newProgram(t, "python3")
	if err := os.WriteFile(filepath.Join(p.directory, "image"), []byte(strings.Repeat("x", 14<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	tries := 0
	p.cut = func() int64 {
		if tries++; tries == 1 {
			return 5 << 20
		}
		return 3 << 19
	}
	out, o := t.TempDir(), options()
	o.Again, o.Pause = func(err error) bool { return errors.Is(err, errCut) }, time.Microsecond
	if _, err := artifact.Get(context.Background(), p, plan, out, o); err != nil {
		t.Fatal(err)
	}
	same(t, p.directory, out)
	if tries < 8 {
		t.Errorf("there were %d tries", tries)
	}
}

// What was left behind of another file is no part of this one, however alike they begin.
func TestWhatBeginsAlikeIsAnother(t *testing.T) {
	for _, name := range []string{"image", "image.part"} {
		p := newProgram(t, "python3")
		out, path := t.TempDir(), filepath.Join(p.directory, "image")
		left := filepath.Join(out, name)
		never := time.Unix(0, 0)
		if err := errors.Join(os.WriteFile(path, []byte(strings.Repeat("x", 1<<20+500)), 0o644), os.Chtimes(path, never, never),
			os.WriteFile(left, []byte(strings.Repeat("x", 3<<20)), 0o644), os.Chtimes(left, never, never)); err != nil {
			t.Fatal(err)
		}
		if err := get(t, p, out); err != nil {
			t.Fatal(err)
		}
		same(t, p.directory, out)
	}
}

// A hole that is none where the file is to go is seen.
func TestAHoleThatIsNoneIsSeen(t *testing.T) {
	p := newProgram(t, "python3")
	then := time.Date(2014, 12, 2, 0, 0, 0, 0, time.UTC)
	for directory, content := range map[string]string{p.directory: "", filepath.Join(p.directory, "..", "out"): strings.Repeat("o", 5<<20)} {
		path := filepath.Join(directory, "image")
		if err := errors.Join(os.MkdirAll(directory, 0o755), os.WriteFile(path, []byte(content), 0o644), os.Truncate(path, 5<<20), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(p.directory, "..", "out")
	if err := get(t, p, out); err != nil {
		t.Fatal(err)
	}
	same(t, p.directory, out)
}

// What was damaged since its build is not given out, whichever of its digests tells.
func TestDamageIsSeen(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	for what, damage := range map[string]struct {
		size int
		old  *regexp.Regexp
		with string
	}{
		"by the content digest":      {size: 100, old: regexp.MustCompile(`[0-9a-f]{64}\n0 `), with: zeros + "\n0 "},
		"by a window's digest":       {size: 100, old: regexp.MustCompile(`\n0 [0-9a-f]{64}`), with: "\n0 " + zeros},
		"by the digest of the whole": {size: 5 << 20, old: regexp.MustCompile(`[0-9a-f]{64} `), with: zeros + " "},
	} {
		t.Run(what, func(t *testing.T) {
			p := newProgram(t, "python3")
			if err := os.WriteFile(filepath.Join(p.directory, "image"), []byte(strings.Repeat("x", damage.size)), 0o644); err != nil {
				t.Fatal(err)
			}
			if said, err := p.command(t.Context(), "record", nil).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			sums := filepath.Join(p.sums, "image")
			text, err := os.ReadFile(sums)
			if err != nil || !damage.old.Match(text) {
				t.Fatalf("%v: %s", err, text)
			}
			if err := os.WriteFile(sums, damage.old.ReplaceAll(text, []byte(damage.with)), 0o644); err != nil {
				t.Fatal(err)
			}
			out := t.TempDir()
			if err := get(t, p, out); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("got %v", err)
			}
			if got := tree(t, out); got["image"] != "" {
				t.Errorf("there is an image of %d bytes", len(got["image"]))
			}
		})
	}
}

// A file without holes is taken by the engine's own means, when its digest is known.
func TestWhatHasNoHolesIsTakenWhole(t *testing.T) {
	p := newProgram(t, "python3")
	random := rand.New(rand.NewPCG(2014, 12))
	data := noise(random, 9<<20+5)
	if err := os.WriteFile(filepath.Join(p.directory, "dense"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []int{0, 1} {
		out := t.TempDir()
		if err := get(t, p, out); err != nil {
			t.Fatal(err)
		}
		same(t, p.directory, out)
		if p.wholes != wanted {
			t.Errorf("%d files were taken whole, not %d", p.wholes, wanted)
		}
		if said, err := p.command(t.Context(), "record", nil).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
}

func TestOnlyWhatIsSelectedComes(t *testing.T) {
	p := newProgram(t, "python3")
	for _, name := range []string{"a.img", "b.img", "c.txt"} {
		if err := os.WriteFile(filepath.Join(p.directory, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, o := t.TempDir(), options()
	o.Select = []string{"a*", "*.txt"}
	files, err := artifact.Get(context.Background(), p, plan, out, o)
	if err != nil || len(files) != 2 {
		t.Fatalf("got %v, %v", files, err)
	}
	got := tree(t, out)
	if difference := cmp.Diff(map[string]string{"a.img": "a.img", "c.txt": "c.txt"}, got); difference != "" {
		t.Error(difference)
	}
	o.Select = []string{"x*"}
	var input *builder.InputError
	if _, err := artifact.Get(context.Background(), p, plan, out, o); !errors.As(err, &input) || !strings.Contains(err.Error(), "a.img, b.img, c.txt") {
		t.Errorf("got %v", err)
	}
}
