package docker

import (
	"context"
	"errors"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Stop implements builder.Engine.
func (e *Engine) Stop(ctx context.Context, workspace string, kill bool) error {
	signal := signalOf(kill)
	return e.try(ctx, func(ctx context.Context) error {
		ids, err := e.running(ctx, workspace)
		for _, id := range ids {
			if failure := e.api.ContainerKill(ctx, id, signal); failure != nil && !overtaken(failure) { // it has ended already
				err = errors.Join(err, failed("stop the step that runs in workspace "+workspace, failure))
			}
		}
		return err
	})
}

func signalOf(kill bool) string {
	if kill {
		return "KILL"
	}
	return "TERM"
}

// deaf is how long the first process of a container may take until it hears that it is asked to end.
const deaf = time.Second

// obey ends a step that has just been started, when its build was asked to end before the step could hear it.
func (e *Engine) obey(ctx context.Context, id string, order builder.Order) {
	if order.Interrupts == nil {
		return
	}
	select {
	case <-time.After(deaf):
	case <-ctx.Done():
		return
	}
	if times := order.Interrupts(); times > 0 {
		_ = e.try(ctx, func(ctx context.Context) error { return e.api.ContainerKill(ctx, id, signalOf(times > 1)) })
	}
}

// Await implements builder.Engine.
func (e *Engine) Await(ctx context.Context, workspace string) error {
	for {
		var ids []string
		err := e.persist(ctx, nil, func(ctx context.Context) (err error) {
			ids, err = e.running(ctx, workspace)
			return err
		})
		if err == nil && len(ids) == 0 {
			return nil
		}
		if err == nil {
			err = e.awaitEnd(ctx, ids[0])
		}
		if err != nil && !broken(err) {
			return lost(ctx, "wait for the step that runs in workspace "+workspace, err)
		}
	}
}

// awaitEnd waits for a container to end. A connection that has stalled ends it too.
func (e *Engine) awaitEnd(ctx context.Context, id string) error {
	watched, _, cancel := e.watch(ctx, longestQuiet)
	defer cancel()
	ended, failure := e.api.ContainerWait(watched, id, container.WaitConditionNotRunning)
	select {
	case <-ended:
		return nil
	case err := <-failure:
		return unwatched(ctx, err)
	}
}

// Remove implements builder.Engine.
func (e *Engine) Remove(ctx context.Context, workspace string) error {
	containers, err := e.containers(ctx, workspace)
	if err != nil {
		return err
	}
	image := ""
	for _, c := range containers {
		if c.Labels[labelKind] == kindStep {
			image = c.Image
		}
		if err := e.removeContainer(ctx, c.ID); err != nil {
			return failed("remove container "+c.ID[:12], err)
		}
	}
	e.detachLoops(ctx, workspace, image)
	e.tidying.Wait() // or the volume is in use
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
