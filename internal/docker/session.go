package docker

import (
	"context"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
)

// session is a container that was started with its input and output connected to this client, and that nobody else is to
// know of.
type session struct {
	id      string
	stream  types.HijackedResponse
	ended   <-chan container.WaitResponse
	failure <-chan error
	// what it is, for errors.
	what string
}

// converse makes, connects to and starts such a container. One that cannot be started is gone.
func (e *Engine) converse(ctx context.Context, s spec, what, console string) (started session, err error) {
	started.what = what
	if started.id, err = e.create(ctx, s); err != nil {
		return started, lost(ctx, "make a container for "+what, err)
	}
	defer func() {
		if err != nil {
			e.discard(ctx, started.id)
		}
	}()
	started.stream, err = e.api.ContainerAttach(ctx, started.id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return started, lost(ctx, "connect to "+console, err)
	}
	started.ended, started.failure = e.api.ContainerWait(ctx, started.id, container.WaitConditionNextExit)
	if err = e.api.ContainerStart(ctx, started.id, container.StartOptions{}); err != nil {
		started.stream.Close()
		return started, lost(ctx, "start "+what, err)
	}
	return started, nil
}

// exitCode waits until the container has ended.
func (s session) exitCode(ctx context.Context) (int, error) {
	select {
	case status := <-s.ended:
		return int(status.StatusCode), nil
	case err := <-s.failure:
		return 0, lost(ctx, "see how "+s.what+" ended", err)
	}
}
