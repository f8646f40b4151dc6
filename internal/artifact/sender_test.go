package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// stream is a source that says what it is told to, and then fails or not.
type stream struct {
	said []byte
	err  error
}

func (s stream) Artifacts(context.Context, builder.Plan, string, []byte) (io.ReadCloser, error) {
	err := s.err
	if err == nil {
		err = io.EOF
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(s.said), failing{err})), nil
}

func (s stream) Whole(context.Context, builder.Plan, string) (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader("whole")), 5, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// window is a window of a stream: runs of data by where they begin in it.
type window struct {
	index uint32
	runs  map[uint32]string
	order []uint32
}

// entry is a file of a stream.
type entry struct {
	record  string // with %s in the place of the digest
	size    int
	windows []window
}

// plain is a small file.
func plain(name, content string) entry {
	e := entry{record: fmt.Sprintf("%d 8 644 1417548600.0 %%s %s", len(content), name), size: len(content)}
	if content != "" {
		e.windows = []window{{0, map[uint32]string{0: content}, []uint32{0}}}
	}
	return e
}

// send is a stream of files, as send-artifacts would say it.
func send(entries ...entry) []byte {
	var list, out bytes.Buffer
	for _, e := range entries {
		whole := make([]byte, e.size)
		for _, w := range e.windows {
			for offset, data := range w.runs {
				copy(whole[min(int(w.index)<<20+int(offset), e.size):], data)
			}
		}
		sum := sha256.Sum256(whole)
		fmt.Fprintf(&list, e.record+"\x00", hex.EncodeToString(sum[:]))
		content := sha256.New()
		for i := 0; i < e.size; i += 1 << 20 {
			digest := sha256.Sum256(whole[i:min(i+1<<20, e.size)])
			content.Write(digest[:])
		}
		for _, w := range e.windows {
			begin := min(int(w.index)<<20, e.size)
			digest := sha256.Sum256(whole[begin:min(begin+1<<20, e.size)])
			writeWindow(&out, w, digest[:])
		}
		out.WriteByte('e')
		out.Write(content.Sum(nil))
		out.Write(sum[:])
	}
	return append(append(list.Bytes(), 0), out.Bytes()...)
}

func writeWindow(out *bytes.Buffer, w window, digest []byte) {
	out.WriteByte('w')
	put(out, w.index)
	out.Write(digest)
	put(out, uint32(len(w.order)))
	for _, offset := range w.order {
		put(out, offset, uint32(len(w.runs[offset])))
	}
	for _, offset := range w.order {
		out.WriteString(w.runs[offset])
	}
}

func put(out *bytes.Buffer, numbers ...uint32) {
	for _, n := range numbers {
		out.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
}

var plan = builder.Plan{Artifacts: builder.Artifacts{Files: []string{"*"}}}

func options() artifact.Options {
	return artifact.Options{Report: func(artifact.File) {}, Progress: func(int64, int64, int64) {}}
}

func get(t testing.TB, s artifact.Source, directory string) error {
	t.Helper()
	_, err := artifact.Get(context.Background(), s, plan, directory, options())
	return err
}

// program is images/tools/send-artifacts itself, run on a directory of this machine.
type program struct {
	python, directory, sums string
	// wholes is how many files were taken whole.
	wholes int
	// cut, when there is one, is where what it says is cut off.
	cut func() int64
}

var errCut = errors.New("the connection was cut")

func newProgram(t testing.TB, python string) *program {
	t.Helper()
	if err := exec.Command(python, "-c", "").Run(); err != nil {
		t.Skip(python + " cannot be run: " + err.Error())
	}
	return &program{python: python, directory: t.TempDir(), sums: filepath.Join(t.TempDir(), "sums")}
}

func (p *program) command(ctx context.Context, verb string, asked []byte) *exec.Cmd {
	request := map[string]any{"dir": p.directory, "files": []string{"*"}, "sums": p.sums}
	if asked != nil {
		request["asked"] = json.RawMessage(asked)
	}
	text, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	return exec.CommandContext(ctx, p.python, "../../images/tools/send-artifacts", verb, string(text))
}

func (p *program) Artifacts(ctx context.Context, _ builder.Plan, verb string, asked []byte) (io.ReadCloser, error) {
	command := p.command(ctx, verb, asked)
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		return nil, err
	}
	r := &running{command: command, complaints: &complaints, Reader: out}
	if p.cut != nil {
		if at := p.cut(); at >= 0 {
			r.Reader = io.MultiReader(io.LimitReader(out, at), failing{errCut})
		}
	}
	return r, nil
}

// Whole is a file of the directory, cut off like all that is said.
func (p *program) Whole(_ context.Context, _ builder.Plan, name string) (io.ReadCloser, int64, error) {
	file, err := os.Open(filepath.Join(p.directory, name))
	if err != nil {
		return nil, 0, err
	}
	status, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	p.wholes++
	var r io.Reader = file
	if p.cut != nil {
		if at := p.cut(); at >= 0 {
			r = io.MultiReader(io.LimitReader(file, at), failing{errCut})
		}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, file}, status.Size(), nil
}

type running struct {
	command    *exec.Cmd
	complaints *bytes.Buffer
	io.Reader
}

func (r *running) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != io.EOF {
		return n, err
	}
	var code *exec.ExitError
	switch failure := r.command.Wait(); {
	case errors.As(failure, &code) && code.ExitCode() == 66:
		return n, builder.ErrNoArtifacts
	case failure != nil:
		return n, fmt.Errorf("%w: %s", failure, r.complaints)
	}
	return n, io.EOF
}

func (r *running) Close() error {
	_ = r.command.Process.Kill()
	_ = r.command.Wait()
	return nil
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
