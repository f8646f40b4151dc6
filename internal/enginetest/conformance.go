package enginetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// patience is how long a test waits for what must happen before it gives up.
const patience = time.Minute

// Conform runs the tests that every engine must pass. The image has the programs that the fake knows, and dir, owned by
// the user that its steps run as.
func Conform(t *testing.T, engine builder.Engine, image builder.ImageSource, dir string) {
	for name, test := range map[string]func(*bench){
		"a workspace that is not there says so":                     noWorkspace,
		"a workspace is made once and removed for good":             madeAndRemoved,
		"a step that succeeds is stamped":                           stamped,
		"a step that fails is not stamped and can be looked at":     notStamped,
		"all that a step prints arrives in order":                   allArrives,
		"a step that runs is followed from its first line":          followed,
		"another step does not start while one runs":                busy,
		"a step goes on when its client goes":                       goesOn,
		"a step ends when it is asked to":                           stops,
		"a step ends that was asked to before it ran":               endsUnheard,
		"a step ends when it is killed":                             killed,
		"stopping where nothing runs does nothing":                  stopsNothing,
		"a step reads its secret and the stamp only recognises it":  readsSecret,
		"a step runs on what it was planned on or not at all":       plannedOn,
		"a step recovers only from a run that did not finish":       recovers,
		"a step says what it fetched":                               fetched,
		"a step finds the files that its user brings":               findsFiles,
		"files stay from step to step":                              filesStay,
		"clients that race for a step run it once":                  race,
		"a workspace is removed with the step that runs in it":      removedRunning,
		"a question is answered or fails, and changes nothing":      asks,
		"a plan whose image is not there cannot be asked about":     asksWithoutImage,
		"a context that has ended ends the call and nothing else":   ended,
		"two workspaces do not know of each other":                  apart,
		"a file that changed since the plan was made is not taken":  changedFile,
		"a step without output leaves a result like any other":      silent,
		"what was run last can be told":                             tellsLast,
		"a stamp goes when its step begins and fails":               stampGoes,
		"a line without an end arrives as it is":                    unendedLine,
		"a step that was stopped can be run again":                  runsAgain,
		"the run that a stamp names is another one every time":      otherRun,
		"an earlier failed run is forgotten when the step succeeds": forgets,
		"a step that somebody has run since it was judged is left":  notTwice,
		"a step that takes longer than it may is ended":             late,
		"a step for which there is no room does nothing":            noRoom,
		"who waits for a workspace waits until its step has ended":  awaited,
		"parallel steps of a phase run side by side":                beside,
		"parallel steps run beside no other":                        besideNoOther,
		"a step without rights runs where it needs none":            withoutRights,
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			b := &bench{T: t, engine: engine}
			digest := sha256.Sum256([]byte(t.Name() + time.Now().String()))
			b.plan = builder.Plan{Recipe: "conformance", Workspace: "test-" + hex.EncodeToString(digest[:6]), Image: image, Dir: dir}
			b.plan.Config.Workspace = b.plan.Workspace
			t.Cleanup(func() {
				if err := engine.Remove(context.Background(), b.plan.Workspace); err != nil {
					t.Error(err)
				}
			})
			test(b)
		})
	}
}

// bench is a workspace to test on.
type bench struct {
	*testing.T
	engine builder.Engine
	plan   builder.Plan
}

func (b *bench) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	b.Cleanup(cancel)
	return ctx
}

func (b *bench) prepare() {
	b.Helper()
	if err := b.engine.Prepare(b.context(), b.plan, func(string) {}); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) look() builder.Workspace {
	b.Helper()
	w, err := b.engine.Look(b.context(), b.plan.Workspace)
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// step is a step of commands.
func (b *bench) step(name string, commands ...[]string) builder.Step {
	step := builder.Step{Name: name, Phase: name, Definition: builder.Definition{Image: b.plan.Image.Tag, Commands: commands}}
	return seal(step)
}

func seal(step builder.Step) builder.Step {
	sum := sha256.Sum256(step.Encode())
	step.Digest = "sha256:" + hex.EncodeToString(sum[:])
	return step
}

// printed collects what a step prints.
type printed struct {
	mutex sync.Mutex
	text  strings.Builder
	// first is closed when a line has come that is not the announcement of a command.
	first chan struct{}
}

func newPrinted() *printed { return &printed{first: make(chan struct{})} }

func (p *printed) add(_ time.Time, text []byte) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.text.Len() == 0 && !strings.HasPrefix(string(text), "+") {
		close(p.first)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "+ ") {
			p.text.WriteString(line)
		}
	}
}

func (p *printed) String() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.text.String()
}

// run runs a step to its end.
func (b *bench) run(step builder.Step, order builder.Order) (builder.Result, string) {
	b.Helper()
	out := newPrinted()
	order.Client = "tester@bench"
	result, err := b.engine.Run(b.context(), b.plan, step, order, out.add)
	if err != nil {
		b.Fatal(err)
	}
	return result, out.String()
}

// runs runs a step that has to succeed, and returns its stamp.
func (b *bench) runs(step builder.Step) builder.Stamp {
	b.Helper()
	if result, out := b.run(step, builder.Order{}); result.ExitCode != 0 {
		b.Fatalf("exit code %d: %s", result.ExitCode, out)
	}
	stamp, ok := b.look().Stamps[step.Name]
	if !ok {
		b.Fatal("there is no stamp")
	}
	return stamp
}

// background starts a step, waits until it has printed, and returns what it prints and how it ends.
func (b *bench) background(ctx context.Context, step builder.Step) (*printed, <-chan builder.Result, <-chan error) {
	out, results, failures := newPrinted(), make(chan builder.Result, 1), make(chan error, 2)
	go func() {
		result, err := b.engine.Run(ctx, b.plan, step, builder.Order{Client: "other@bench"}, out.add)
		if err != nil {
			failures <- err
			return
		}
		results <- result
	}()
	select {
	case <-out.first:
	case err := <-failures:
		failures <- err
	case <-time.After(patience):
		failures <- errors.New("the step printed nothing")
	}
	return out, results, failures
}

func (b *bench) await(results <-chan builder.Result, failures <-chan error) builder.Result {
	b.Helper()
	select {
	case result := <-results:
		return result
	case err := <-failures:
		b.Fatal(err)
	case <-time.After(patience):
		b.Fatal("the step did not end")
	}
	return builder.Result{}
}

func (b *bench) stop(kill bool) {
	b.Helper()
	if err := b.engine.Stop(b.context(), b.plan.Workspace, kill); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) equal(what string, got, want any) {
	b.Helper()
	if got != want {
		b.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// contents are the files of an Order, in memory.
func contents(files map[string]string) func(string, builder.File) (io.ReadCloser, error) {
	return func(option string, file builder.File) (io.ReadCloser, error) {
		content, ok := files[strings.TrimSuffix(option+"/"+file.Name, "/")]
		if !ok {
			return nil, errors.New("no such file")
		}
		return io.NopCloser(strings.NewReader(content)), nil
	}
}

func file(name, content string) builder.File {
	sum := sha256.Sum256([]byte(content))
	return builder.File{Name: name, SHA256: hex.EncodeToString(sum[:])}
}

var (
	loud    = []string{"echo", "here"}
	forever = []string{"sleep", "3600"}
)

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i+1)
	}
	return b.String()
}
