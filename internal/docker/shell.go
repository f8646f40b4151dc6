package docker

import (
	"context"
	"io"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Terminal is what a shell is connected to.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// Size is the size of the terminal that In and Out are, and is nil when they are none. Resized tells of new ones.
	Size    *Size
	Resized <-chan Size
}

// Size is a terminal's, in characters.
type Size struct {
	Width, Height uint
}

// Shell runs a command for a person in a container like those of the plan's steps, and returns its exit code. The
// container goes away when the command ends.
func (e *Engine) Shell(ctx context.Context, plan builder.Plan, argv []string, client string, terminal Terminal) (int, error) {
	s := e.proxied(shellSpec(plan, argv, client, terminal.Size))
	started, err := e.converse(ctx, s, "the shell", "the shell")
	if err != nil {
		return 0, err
	}
	defer e.discard(ctx, started.id)
	defer started.stream.Close()
	defer context.AfterFunc(ctx, started.stream.Close)()
	go e.resize(ctx, started.id, terminal)
	go func() {
		_, _ = io.Copy(started.stream.Conn, terminal.In)
		_ = started.stream.CloseWrite()
	}()
	if terminal.Size != nil {
		_, err = io.Copy(terminal.Out, started.stream.Reader)
	} else {
		_, err = stdcopy.StdCopy(terminal.Out, terminal.Err, started.stream.Reader)
	}
	if err != nil {
		return 0, lost(ctx, "read what the shell prints", err)
	}
	return started.exitCode(ctx)
}

func (e *Engine) resize(ctx context.Context, id string, terminal Terminal) {
	if terminal.Size == nil {
		return
	}
	set := func(size Size) {
		_ = e.api.ContainerResize(ctx, id, container.ResizeOptions{Width: size.Width, Height: size.Height})
	}
	set(*terminal.Size)
	for size := range terminal.Resized {
		set(size)
	}
}
