package docker

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Run implements builder.Engine.
func (e *Engine) Run(ctx context.Context, plan builder.Plan, step builder.Step, order builder.Order, output builder.Output) (builder.Result, error) {
	id, followed, err := e.start(ctx, plan, step, order)
	if err != nil {
		return builder.Result{}, err
	}
	if err := e.follow(ctx, id, output); err != nil {
		return builder.Result{}, lost(ctx, "follow step "+step.Name, err)
	}
	run, err := e.inspectRun(ctx, id)
	if err != nil {
		return builder.Result{}, lost(ctx, "see how step "+step.Name+" ended", err)
	}
	e.retire(ctx, plan.Workspace, run)
	run.Result.Followed = followed
	return run.Result, nil
}

// lost is the context's own error when it has ended, and one of the engine otherwise.
func lost(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failed(doing, err)
}

// start takes the workspace's seat with a container of the step, or finds one there that is the same step's.
func (e *Engine) start(ctx context.Context, plan builder.Plan, step builder.Step, order builder.Order) (id string, followed bool, err error) {
	s := e.proxied(stepSpec(plan, step, order))
	for ctx.Err() == nil {
		created, err := e.api.ContainerCreate(ctx, s.container, s.host, nil, nil, seatName(plan.Workspace))
		if err == nil {
			started, err := e.launch(ctx, created.ID, step, order)
			if err != nil {
				return "", false, err
			}
			if started {
				return created.ID, false, nil
			}
			continue // somebody cleared the seat before the container ran
		}
		if !errdefs.IsConflict(err) {
			return "", false, failed("make the container of step "+step.Name, err)
		}
		if id, err := e.clearSeat(ctx, plan.Workspace, step); err != nil || id != "" {
			return id, true, err
		}
	}
	return "", false, ctx.Err()
}

// launch gives a container what the step needs from the client, and starts it. It is false when the container is gone.
func (e *Engine) launch(ctx context.Context, id string, step builder.Step, order builder.Order) (bool, error) {
	err := e.deliver(ctx, id, step, order)
	if err == nil {
		err = e.startWithStdin(ctx, id, step, order)
	}
	if err == nil {
		return true, nil
	}
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) { // removed, or being removed
		return false, nil
	}
	// What was never started did nothing, and holds the seat: without it the next build can begin at once.
	removal := context.WithoutCancel(ctx)
	_ = e.api.ContainerRemove(removal, id, container.RemoveOptions{RemoveVolumes: true})
	return false, lost(ctx, "start step "+step.Name, err)
}

// startWithStdin starts a container, and hands it what it is to read.
func (e *Engine) startWithStdin(ctx context.Context, id string, step builder.Step, order builder.Order) error {
	if step.Stdin == nil {
		return e.api.ContainerStart(ctx, id, container.StartOptions{})
	}
	attached, err := e.api.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdin: true})
	if err != nil {
		return err
	}
	defer attached.Close()
	if err := e.api.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(attached.Conn, "%s\n%s", order.Verifier, order.Stdin); err != nil {
		return err
	}
	return attached.CloseWrite()
}

// clearSeat makes room for a step, or returns the container that runs it already. Whoever else runs has the seat.
func (e *Engine) clearSeat(ctx context.Context, workspace string, step builder.Step) (id string, err error) {
	run, err := e.inspectRun(ctx, seatName(workspace))
	if errdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", failed("see who has workspace "+workspace, err)
	}
	switch {
	case run.State == builder.RunRunning && run.Step == step.Name && run.Digest == step.Digest:
		return run.ID, nil
	case run.State == builder.RunRunning:
		return "", &builder.BusyError{Workspace: workspace, Run: run}
	case run.State == builder.RunCreated:
		// Its client was killed before it started it, or is about to: that one then finds it gone, and tries again.
		err = e.api.ContainerRemove(ctx, run.ID, container.RemoveOptions{RemoveVolumes: true})
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			return "", failed("remove container "+run.ID, err)
		}
		return "", nil
	}
	e.retire(ctx, workspace, run)
	return "", nil
}

// retire gives a step's container that has ended the step's own name, in place of the one that bore it until now. Any
// client may do this, at any time after; that it does not come off, because another was faster, does no harm.
func (e *Engine) retire(ctx context.Context, workspace string, run builder.Run) {
	name := stepName(workspace, run.Step)
	before, err := e.api.ContainerInspect(ctx, name)
	if err == nil && before.ID != run.ID && !before.State.Running {
		_ = e.api.ContainerRemove(ctx, before.ID, container.RemoveOptions{RemoveVolumes: true})
	}
	_ = e.api.ContainerRename(ctx, run.ID, name)
}
