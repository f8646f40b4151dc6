package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/coreos-builder/coreos-builder/builder"
)

// artifactRequest is what images/tools/send-artifacts reads.
type artifactRequest struct {
	Dir   string          `json:"dir"`
	Files []string        `json:"files"`
	Sums  string          `json:"sums"`
	Asked json.RawMessage `json:"asked,omitempty"`
}

// artifactCommand is a call of send-artifacts for a plan.
func artifactCommand(verb string, plan builder.Plan, asked []byte) []string {
	request, err := json.Marshal(artifactRequest{
		Dir: plan.Artifacts.Dir, Files: plan.Artifacts.Files, Sums: path.Join(plan.Dir, builder.StateDir, "sums"), Asked: asked,
	})
	if err != nil {
		panic(err) // strings and lists can always be encoded, and what is asked for was
	}
	return []string{"send-artifacts", verb, string(request)}
}

// noArtifacts is the exit code of send-artifacts when there are none.
const noArtifacts = 66

// Artifacts opens what send-artifacts (images/tools) says of a plan's artefacts: of the verb "list" a list, of "send" the
// artefacts themselves. Asked is the part of its request that says which, as JSON. That there are none is
// builder.ErrNoArtifacts. The reader's end is io.EOF only when all is said.
func (e *Engine) Artifacts(ctx context.Context, plan builder.Plan, verb string, asked []byte) (io.ReadCloser, error) {
	s := toolSpec(plan, artifactCommand(verb, plan, asked))
	s.host.NetworkMode = "none" // it needs none, and starts sooner
	reading, err := e.open(ctx, s, "send-artifacts")
	if err != nil {
		return nil, err
	}
	return &artifactStream{reading, plan.Workspace}, nil
}

// Whole opens an artefact, of which it sends every byte, and tells how many these are. Of a file without holes that is the
// least work for the engine.
func (e *Engine) Whole(ctx context.Context, plan builder.Plan, name string) (io.ReadCloser, int64, error) {
	failure := func(err error) error {
		return lost(ctx, "read "+name+" of workspace "+plan.Workspace, unwatched(ctx, err))
	}
	keeper, err := e.keeper(ctx, plan.Workspace)
	if err != nil {
		return nil, 0, err
	}
	watched, alive, release := e.watch(ctx, longestQuiet)
	archive, _, err := e.api.CopyFromContainer(watched, keeper, path.Join(keeperDir, plan.Artifacts.Dir, name))
	if err != nil {
		release()
		return nil, 0, failure(err)
	}
	content, size, err := firstFile(archive)
	if err != nil {
		release()
		return nil, 0, errors.Join(failure(err), archive.Close())
	}
	return &wholeFile{content, archive, alive, release, failure}, size, nil
}

// wholeFile is the one file of an archive.
type wholeFile struct {
	content io.Reader
	archive io.Closer
	alive   func()
	release func()
	failure func(error) error
}

func (f *wholeFile) Read(p []byte) (int, error) {
	n, err := f.content.Read(p)
	f.alive()
	if err != nil && err != io.EOF {
		err = f.failure(err)
	}
	return n, err
}

func (f *wholeFile) Close() error {
	f.release()
	return f.archive.Close()
}

// artifactStream says what went wrong in the words of artefacts.
type artifactStream struct {
	*toolReader
	workspace string
}

func (s *artifactStream) Read(p []byte) (int, error) {
	n, err := s.toolReader.Read(p)
	var failure *toolError
	switch {
	case !errors.As(err, &failure):
		return n, err
	case failure.code == noArtifacts:
		return n, fmt.Errorf("workspace %s: %w", s.workspace, builder.ErrNoArtifacts)
	}
	return n, failed("read the artefacts of workspace "+s.workspace, errors.New(failure.last))
}
