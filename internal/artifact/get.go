package artifact

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Sums is the name of the list of checksums that is written beside artefacts: none of them can have it.
const Sums = "SHA256SUMS"

// Options say which artefacts are wanted, and how.
type Options struct {
	// Select are shell patterns of names; none are all.
	Select []string
	// Compress is a format of internal/compress, or empty. Only what is large and neither compressed yet nor text is
	// compressed.
	Compress string
	// Dig makes holes of zeros that the workspace holds as data.
	Dig bool
	// Report is told of each file when it is there, Progress how many bytes have come over this connection, and how many were
	// found to be here already, of how many.
	Report   func(File)
	Progress func(came, held, of int64)
	// Again tells whether what failed may succeed when it is tried again: a connection that was cut.
	Again func(error) bool
	// Pause is before the first try of those; it doubles with each that brings nothing.
	Pause time.Duration
}

// maxTries is how often in a row a connection may be cut before anything has come.
const maxTries = 5

// Get takes the artefacts of a plan out to a directory, which is made if it is not there, and returns those that came, by
// the names that they have there, with their checksums.
// Nothing is written anywhere else. A file bears its name when it is whole, on the disk, and seen to be what it is in the
// workspace; until then ".part" is added. What an earlier call has left, whole or in part, is not fetched again, but
// looked at.
func Get(ctx context.Context, source Source, plan builder.Plan, directory string, options Options) ([]File, error) {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	g := &getting{Options: options, source: source, plan: plan, root: root, fresh: map[string]bool{}, done: map[string]File{}}
	if err := g.persist(ctx); err != nil {
		if errors.Is(err, builder.ErrNoArtifacts) && len(options.Select) > 0 {
			err = g.selectError(ctx, err)
		}
		return nil, fmt.Errorf("take the artefacts to %s: %w", directory, err)
	}
	var files []File
	for _, file := range g.files {
		files = append(files, g.done[file.Name])
	}
	return files, nil
}

// getting is a Get that is under way.
type getting struct {
	Options
	source Source
	plan   builder.Plan
	root   *os.Root
	// fresh are the files of which nothing is held, whatever is there.
	fresh map[string]bool
	// files are those that come, done those that have, by the name that they have in the workspace.
	files []File
	done  map[string]File
	// came and held are how many bytes came over this connection, and how many were found to be here.
	came, held int64
	// last is the file that is being finished while the next comes.
	last *finishing
}

type finishing struct {
	name string
	done chan struct{}
	file File
	err  error
}

// persist fetches until everything is there. A connection that is cut is made again, as long as it brings something.
func (g *getting) persist(ctx context.Context) error {
	pause := g.Pause
	for tries := 0; ; {
		g.came, g.held = 0, 0
		err := g.once(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if errors.Is(err, errStale) {
			continue
		}
		if g.Again == nil || !g.Again(err) {
			return err
		}
		if g.came > 0 && g.Compress == "" { // of what is compressed nothing is kept
			tries, pause = 0, g.Pause
		}
		if tries++; tries > maxTries {
			return err
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once fetches what is not done yet.
func (g *getting) once(ctx context.Context) (err error) {
	asked, have, err := g.ask()
	if err != nil {
		return err
	}
	in, err := g.source.Artifacts(ctx, g.plan, "send", asked)
	if err != nil {
		return err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 64<<10)
	if g.files, err = readList(r, errListEnds); err != nil {
		return err
	}
	if err := g.checkNames(); err != nil {
		return err
	}
	total := int64(0)
	for _, file := range g.files {
		total += file.Stored
	}
	g.came, g.held = 0, 0
	defer func() { err = errors.Join(err, g.finishLast()) }()
	for _, file := range g.files {
		if err := g.file(ctx, r, file, have[file.Name], total); err != nil {
			return err
		}
	}
	return nil
}

// file fetches one file.
func (g *getting) file(ctx context.Context, in *bufio.Reader, file File, have held, total int64) error {
	to, finish, err := g.open(file, have.of(file))
	if err != nil {
		return err
	}
	came := func(lately, held int64) {
		g.came, g.held = g.came+lately, g.held+held
		g.Progress(g.came, g.held, total)
	}
	kept := file.SHA256
	if file.SHA256, err = receive(in, file, to, came); err == errWhole {
		file.SHA256 = kept
		err = g.whole(ctx, file, to, came)
	}
	if err != nil {
		to.close()
		if errors.Is(err, errStale) {
			if g.fresh[file.Name] {
				return fmt.Errorf("%q comes as if it were here in part, and it is not", file.Name)
			}
			if err := g.finishLast(); err != nil {
				return err
			}
			g.distrust(file)
		}
		return err
	}
	if err := g.finishLast(); err != nil {
		to.close()
		return err
	}
	g.last = &finishing{name: file.Name, done: make(chan struct{})}
	go func(f *finishing) {
		defer close(f.done)
		f.file, f.err = finish(file)
	}(g.last)
	return nil
}

// finishLast waits until the last file bears its name.
func (g *getting) finishLast() error {
	f := g.last
	if f == nil {
		return nil
	}
	g.last = nil
	<-f.done
	if f.err != nil {
		return f.err
	}
	if _, again := g.done[f.name]; !again {
		g.Report(f.file)
	}
	g.done[f.name] = f.file
	return nil
}

// open opens the place of a file.
func (g *getting) open(file File, held int64) (to interface {
	place
	close()
}, finish func(File) (File, error), err error) {
	if g.compresses(file) {
		p, err := openStream(g.root, file, g.Compress, runtime.GOMAXPROCS(0))
		if err != nil {
			return nil, nil, err
		}
		return p, p.finish, nil
	}
	p, err := openPlace(g.root, file, held, g.Dig)
	if err != nil {
		return nil, nil, err
	}
	return p, p.finish, nil
}
