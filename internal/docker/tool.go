package docker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Ask implements builder.Engine.
func (e *Engine) Ask(ctx context.Context, plan builder.Plan, argv []string) ([]byte, error) {
	there, err := e.hasImage(ctx, plan.Image.Tag)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, builder.ErrNoImage
	}
	if err := e.prepareCache(ctx, plan); err != nil {
		return nil, err
	}
	return e.tool(ctx, e.proxied(toolSpec(plan, argv)), argv[0])
}

// Consult runs a command in the plan's builder image, which it makes if it is not there, and returns what it printed.
// There need be no workspace, and none is made.
func (e *Engine) Consult(ctx context.Context, plan builder.Plan, argv []string, progress func(line string)) ([]byte, error) {
	if err := e.prepareImage(ctx, plan.Image, progress); err != nil {
		return nil, err
	}
	s := e.proxied(toolSpec(plan, argv))
	s.host.Mounts = nil
	return e.tool(ctx, s, argv[0])
}

// tool runs a command of the builder's own, and returns what it prints. That it fails is an error that says what it
// printed on its standard error.
func (e *Engine) tool(ctx context.Context, s spec, name string) ([]byte, error) {
	out, err := e.open(ctx, s, name)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	return io.ReadAll(out)
}

// open runs a command of the builder's own, and gives what it prints.
func (e *Engine) open(ctx context.Context, s spec, name string) (*toolReader, error) {
	id, err := e.create(ctx, s)
	if err != nil {
		return nil, lost(ctx, "make a container for "+name, err)
	}
	t := &toolReader{name: name, ctx: ctx}
	t.remove = func() { e.tidying.Go(func() { e.discard(ctx, id) }) }
	if err := t.begin(e, id); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// create makes a container that nobody else is to know of. A caller who gives up meanwhile is not left with one of which he
// does not know.
func (e *Engine) create(ctx context.Context, s spec) (id string, err error) {
	unbroken, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestCreation)
	defer cancel()
	created, err := e.api.ContainerCreate(unbroken, s.container, s.host, nil, nil, "")
	if err == nil && ctx.Err() != nil {
		e.discard(ctx, created.ID)
		err = ctx.Err()
	}
	return created.ID, err
}

// discard removes such a container, whatever it does, also when the caller has given up: nobody listens to it any more.
func (e *Engine) discard(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestCall)
	defer cancel()
	_ = e.removeContainer(ctx, id)
}

func (t *toolReader) begin(e *Engine, id string) (err error) {
	ctx, alive, release := e.watch(t.ctx, longestQuiet)
	t.alive, t.release = alive, release
	t.attached, err = e.api.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		t.release()
		return lost(t.ctx, "read what "+t.name+" prints", err)
	}
	context.AfterFunc(ctx, t.attached.Close)
	t.in = bufio.NewReaderSize(t.attached.Reader, 64<<10)
	t.ended, t.failure = e.api.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := e.api.ContainerStart(t.ctx, id, container.StartOptions{}); err != nil {
		t.release()
		return lost(t.ctx, "run "+t.name, err)
	}
	return nil
}

// toolReader is the standard output of a tool. Its end is io.EOF when the tool ended well, and a *toolError when it did
// not. Whoever has it closes it, which removes the tool's container.
type toolReader struct {
	name     string
	ctx      context.Context
	attached types.HijackedResponse
	in       *bufio.Reader
	ended    <-chan container.WaitResponse
	failure  <-chan error
	// alive tells the watch that something came, release ends it and what is read from.
	alive, release func()
	remove         func()
	// left is how much of the frame that is read is still to come.
	left       int
	complaints bytes.Buffer
}

// Read takes the engine's frames apart where they are read: the results of a build are too much to be copied once more.
func (t *toolReader) Read(p []byte) (int, error) {
	for t.left == 0 {
		if err := t.frame(); err == io.EOF {
			return 0, t.end()
		} else if err != nil {
			return 0, lost(t.ctx, "read what "+t.name+" prints", err)
		}
	}
	n, err := t.in.Read(p[:min(len(p), t.left)])
	t.left -= n
	t.alive()
	if err != nil {
		err = lost(t.ctx, "read what "+t.name+" prints", cut(err))
	}
	return n, err
}

// frame reads the head of the next frame of standard output, and what comes before it on standard error.
func (t *toolReader) frame() error {
	var head [8]byte
	if _, err := io.ReadFull(t.in, head[:]); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(head[4:]))
	switch stdcopy.StdType(head[0]) {
	case stdcopy.Stdout:
		t.left = int(size)
		return nil
	case stdcopy.Stderr:
		_, err := io.CopyN(&t.complaints, t.in, size)
		return cut(err)
	}
	return errors.New("the engine sent what is neither output nor error")
}

// cut is an error of what ends where it cannot.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (t *toolReader) end() error {
	select {
	case status := <-t.ended:
		if status.StatusCode != 0 {
			return &toolError{t.name, status.StatusCode, lastLine(t.complaints.String())}
		}
		return io.EOF
	case err := <-t.failure:
		return lost(t.ctx, "see how "+t.name+" ended", unwatched(t.ctx, err))
	}
}

// Close ends the tool, if it has not ended. Its container goes while others go on.
func (t *toolReader) Close() error {
	t.release()
	t.remove()
	return nil
}

// toolError is a command of the builder's own that failed.
type toolError struct {
	command string
	code    int64
	// last is the last line that it printed on its standard error.
	last string
}

func (e *toolError) Error() string {
	return fmt.Sprintf("%s ended with exit code %d: %s", e.command, e.code, e.last)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
