package docker

import (
	"context"
	"errors"

	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
)

// clearRoom makes sure that nothing runs in a workspace that a step cannot run beside. The step's container has its seat
// by then, but has not started: of two that cannot run beside each other and come at the same time, at least one sees the
// other. What was not started is removed; its client then finds it gone, and tries again. Where that does not come off, the
// step has to look again: errInTheWay.
func (e *Engine) clearRoom(ctx context.Context, id, workspace string, step builder.Step) error {
	rivals, err := e.rivals(ctx, id, workspace, step)
	for _, rival := range rivals {
		if e.api.ContainerRemove(ctx, rival, container.RemoveOptions{RemoveVolumes: true}) == nil {
			continue
		}
		run, err := e.inspectRun(ctx, rival)
		switch {
		case overtaken(err), err == nil && run.State == builder.RunExited: // it was in nobody's way for long
		case err != nil:
			return failed("look at container "+rival[:12], err)
		case run.State == builder.RunRunning:
			return &builder.BusyError{Workspace: workspace, Run: run}
		default:
			return errInTheWay
		}
	}
	return err
}

// errInTheWay is a container that neither runs nor goes: an engine may fail to remove one that its client is filling.
var errInTheWay = errors.New("another container is in the way")

// rivals are the containers that run in a workspace, or are about to, and that a step cannot run beside.
func (e *Engine) rivals(ctx context.Context, id, workspace string, step builder.Step) ([]string, error) {
	found, err := e.stepsThatAre(ctx, workspace, container.StateCreated, container.StateRunning, container.StatePaused)
	var rivals []string
	for _, c := range found {
		if c.ID != id && !(step.Parallel && c.Labels[labelBeside] == step.Phase) {
			rivals = append(rivals, c.ID)
		}
	}
	return rivals, err
}

// running are the containers of the steps that run in a workspace.
func (e *Engine) running(ctx context.Context, workspace string) ([]string, error) {
	found, err := e.stepsThatAre(ctx, workspace, container.StateRunning, container.StatePaused)
	var ids []string
	for _, c := range found {
		ids = append(ids, c.ID)
	}
	return ids, err
}

// stepsThatAre are the containers of a workspace's steps that are in one of some states.
func (e *Engine) stepsThatAre(ctx context.Context, workspace string, states ...container.ContainerState) ([]container.Summary, error) {
	asked := labelled(labelWorkspace, workspace)
	asked.Add("label", labelKind+"="+kindStep)
	for _, state := range states {
		asked.Add("status", string(state))
	}
	found, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: asked})
	if err != nil {
		return nil, failed("list the containers of workspace "+workspace, err)
	}
	return found, nil
}
