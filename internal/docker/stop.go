package docker

import (
	"context"
	"errors"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// Stop implements builder.Engine.
func (e *Engine) Stop(ctx context.Context, workspace string, kill bool) error {
	signal := "TERM"
	if kill {
		signal = "KILL"
	}
	err := e.api.ContainerKill(ctx, seatName(workspace), signal)
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) { // it has ended already
		return failed("stop the step that runs in workspace "+workspace, err)
	}
	return nil
}

// Remove implements builder.Engine.
func (e *Engine) Remove(ctx context.Context, workspace string) error {
	containers, err := e.containers(ctx, workspace)
	if err != nil {
		return err
	}
	for _, c := range containers {
		if err := e.removeContainer(ctx, c.ID); err != nil {
			return failed("remove container "+c.ID[:12], err)
		}
	}
	found, err := e.api.VolumeInspect(ctx, volumeName(workspace))
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err == nil && found.Labels[labelKind] != kindVolume {
		err = errors.New("it is not one of ours")
	}
	if err == nil {
		err = e.api.VolumeRemove(ctx, volumeName(workspace), false)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return failed("remove the volume of workspace "+workspace, err)
	}
	return nil
}

// removeContainer removes a container, and waits for the engine where it is about to do so by itself.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsConflict(err) {
		gone, failure := e.api.ContainerWait(ctx, id, container.WaitConditionRemoved)
		select {
		case <-gone:
			return nil
		case err = <-failure:
		}
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
