package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

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
	var out bytes.Buffer
	err = e.tool(ctx, e.proxied(toolSpec(plan, argv)), argv[0], &out)
	return out.Bytes(), err
}

// Consult runs a command in the plan's builder image, which it makes if it is not there, and returns what it printed.
// There need be no workspace, and none is made.
func (e *Engine) Consult(ctx context.Context, plan builder.Plan, argv []string, progress func(line string)) ([]byte, error) {
	if err := e.prepareImage(ctx, plan.Image, progress); err != nil {
		return nil, err
	}
	s := e.proxied(toolSpec(plan, argv))
	s.host.Mounts = nil
	var out bytes.Buffer
	err := e.tool(ctx, s, argv[0], &out)
	return out.Bytes(), err
}

// tool runs a command of the builder's own, and writes what it prints to out. That it fails is an error that says what
// it printed on its standard error.
func (e *Engine) tool(ctx context.Context, s spec, name string, out io.Writer) error {
	created, err := e.api.ContainerCreate(ctx, s.container, s.host, nil, nil, "")
	if err != nil {
		return lost(ctx, "make a container for "+name, err)
	}
	defer func() {
		// Also when the caller has given up: a tool that nobody listens to is of no use.
		_ = e.api.ContainerRemove(context.WithoutCancel(ctx), created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}()
	attached, err := e.api.ContainerAttach(ctx, created.ID, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return lost(ctx, "read what "+name+" prints", err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	ended, failure := e.api.ContainerWait(ctx, created.ID, container.WaitConditionNextExit)
	if err := e.api.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return lost(ctx, "run "+name, err)
	}
	var complaints bytes.Buffer
	if _, err := stdcopy.StdCopy(out, &complaints, attached.Reader); err != nil {
		return lost(ctx, "read what "+name+" prints", err)
	}
	select {
	case status := <-ended:
		if status.StatusCode != 0 {
			return &toolError{name, status.StatusCode, lastLine(complaints.String())}
		}
		return nil
	case err := <-failure:
		return lost(ctx, "see how "+name+" ended", err)
	}
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
