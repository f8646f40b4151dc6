package docker

import (
	"context"
	"errors"
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
	following, ended := context.WithCancel(ctx)
	go e.obey(following, id, order)
	run, err := e.follow(ctx, id, order.Notice, output)
	ended()
	if err != nil {
		return builder.Result{}, lost(ctx, "follow step "+step.Name+", which goes on without us", err)
	}
	_ = e.retire(ctx, plan.Workspace, run) // the next run tries again
	if run.Killed() && step.HostDevices {
		e.detachLoops(ctx, plan.Workspace, step.Image)
	}
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

// maxSeats is how often a step tries to take its workspace's seat from others that have ended.
const maxSeats = 1000

// start takes the workspace's seat with a container of the step, or finds one there that is the same step's.
func (e *Engine) start(ctx context.Context, plan builder.Plan, step builder.Step, order builder.Order) (id string, followed bool, err error) {
	s := e.proxied(stepSpec(plan, step, order))
	for range maxSeats {
		if ctx.Err() != nil {
			return "", false, ctx.Err()
		}
		var created container.CreateResponse
		// One that was made though the answer was lost has the seat, and is found there.
		err := e.persist(ctx, order.Notice, func(ctx context.Context) (err error) {
			created, err = e.api.ContainerCreate(ctx, s.container, s.host, nil, nil, seatName(plan.Workspace, step))
			return err
		})
		if err == nil {
			started, err := e.launch(ctx, created.ID, plan.Workspace, step, order)
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
		if id, err := e.clearSeat(ctx, plan.Workspace, step, order.Notice); err != nil || id != "" {
			return id, true, err
		}
	}
	return "", false, failed("run step "+step.Name, errors.New("its place is taken by a container that does not run, and cannot be put away"))
}

// launch gives a container what the step needs from the client, and starts it. It is false when the container is gone.
func (e *Engine) launch(ctx context.Context, id, workspace string, step builder.Step, order builder.Order) (bool, error) {
	err := e.persist(ctx, order.Notice, func(ctx context.Context) error { return e.clearRoom(ctx, id, workspace, step) })
	if err == nil {
		err = e.bringUp(ctx, id, step, order)
	}
	if err == nil {
		return true, nil
	}
	if overtaken(err) { // removed, or being removed
		return false, nil
	}
	// What was never started did nothing, and holds the seat: without it the next build can begin at once.
	removal, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestCall)
	defer cancel()
	_ = e.api.ContainerRemove(removal, id, container.RemoveOptions{RemoveVolumes: true})
	if errors.Is(err, errInTheWay) {
		return false, nil
	}
	if busy := (*builder.BusyError)(nil); errors.As(err, &busy) {
		return false, err
	}
	return false, lost(ctx, "start step "+step.Name, err)
}

// maxStarts is how often a container is tried to be started whose engine cannot be reached in between.
const maxStarts = 5

// bringUp begins until the step runs, or the engine says why it does not.
func (e *Engine) bringUp(ctx context.Context, id string, step builder.Step, order builder.Order) error {
	for starts := 1; ; starts++ {
		err := e.begin(ctx, id, step, order)
		if !broken(err) || ctx.Err() != nil {
			return err
		}
		// The way was lost: whether it was started is for the engine to say. It is not started twice.
		run, again := e.inspectAgain(ctx, id, order.Notice)
		switch {
		case again != nil:
			return again
		case run.State != builder.RunCreated:
			return nil
		case starts == maxStarts:
			return err
		}
	}
}

// begin gives a container what the step needs, and starts it, in bounded time: a connection that has stalled looks like an
// engine that takes its time.
func (e *Engine) begin(ctx context.Context, id string, step builder.Step, order builder.Order) error {
	delivery, cancel := context.WithTimeout(ctx, longestDelivery)
	defer cancel()
	if err := e.deliver(delivery, id, step, order); err != nil {
		return err
	}
	start, cancel := context.WithTimeout(ctx, longestStart)
	defer cancel()
	return e.startWithStdin(start, id, step, order)
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
func (e *Engine) clearSeat(ctx context.Context, workspace string, step builder.Step, notice func(string)) (id string, err error) {
	run, err := e.inspectAgain(ctx, seatName(workspace, step), notice)
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
		// Its client was killed before it started it, or is about to: that one then finds it gone, and tries again. An engine
		// may fail to remove a container that is being filled: then whoever wants the seat tries again.
		_ = e.try(ctx, func(ctx context.Context) error {
			return e.api.ContainerRemove(ctx, run.ID, container.RemoveOptions{RemoveVolumes: true})
		})
		return "", nil
	}
	if err := e.retire(ctx, workspace, run); err != nil {
		return "", failed("put away the container of step "+run.Step, err)
	}
	return "", nil
}

// retire gives a step's container that has ended the step's own name, in place of the one that bore it until now. Any
// client may do this, at any time after; that another was faster is no error.
func (e *Engine) retire(ctx context.Context, workspace string, run builder.Run) error {
	ctx, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	name := stepName(workspace, run.Step)
	before, err := e.api.ContainerInspect(ctx, name)
	if err == nil && before.ID == run.ID {
		return nil // another client was faster
	}
	if err == nil && !before.State.Running {
		err = e.api.ContainerRemove(ctx, before.ID, container.RemoveOptions{RemoveVolumes: true})
	}
	if err == nil || overtaken(err) {
		err = e.api.ContainerRename(ctx, run.ID, name)
	}
	if overtaken(err) {
		return nil
	}
	if err != nil { // an engine also refuses the name that a container has
		if now, again := e.api.ContainerInspect(ctx, run.ID); again == nil && now.Name == "/"+name {
			return nil
		}
	}
	return err
}

// overtaken tells whether an error is that of one who did what another had done, or was doing.
func overtaken(err error) bool { return errdefs.IsNotFound(err) || errdefs.IsConflict(err) }
