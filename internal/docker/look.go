package docker

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Look implements builder.Engine.
func (e *Engine) Look(ctx context.Context, workspace string) (w builder.Workspace, err error) {
	err = e.persist(ctx, nil, func(ctx context.Context) error {
		w, err = e.look(ctx, workspace)
		return err
	})
	return w, err
}

func (e *Engine) look(ctx context.Context, workspace string) (builder.Workspace, error) {
	found, err := e.api.VolumeInspect(ctx, volumeName(workspace))
	if errdefs.IsNotFound(err) || err == nil && found.Labels[labelKind] != kindVolume {
		return builder.Workspace{Name: workspace}, builder.ErrNoWorkspace
	}
	if err != nil {
		return builder.Workspace{}, failed("look at the volume of workspace "+workspace, err)
	}
	w := newWorkspace(found)
	containers, err := e.containers(ctx, workspace)
	if err != nil {
		return builder.Workspace{}, err
	}
	for _, c := range containers {
		if c.Labels[labelKind] != kindStep {
			continue
		}
		run, err := e.inspectRun(ctx, c.ID)
		if errdefs.IsNotFound(err) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return builder.Workspace{}, failed("look at container "+c.ID, err)
		}
		if _, ok := w.Runs[run.Step]; !ok { // the newest comes first
			w.Runs[run.Step] = run
		}
	}
	return w, e.readVolume(ctx, &w)
}

// Workspaces are all workspaces of the engine, without what is in them.
func (e *Engine) Workspaces(ctx context.Context) ([]builder.Workspace, error) {
	found, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: labelled(labelKind, kindVolume)})
	if err != nil {
		return nil, failed("list volumes", err)
	}
	var all []builder.Workspace
	for _, v := range found.Volumes {
		all = append(all, newWorkspace(*v))
	}
	return all, nil
}

// Remains are the names of all workspaces that anything is left of on the engine: also of those whose volume is gone.
func (e *Engine) Remains(ctx context.Context) ([]string, error) {
	all, err := e.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	containers, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", labelWorkspace))})
	if err != nil {
		return nil, failed("list containers", err)
	}
	var names []string
	for _, w := range all {
		names = append(names, w.Name)
	}
	for _, c := range containers {
		names = append(names, c.Labels[labelWorkspace])
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func newWorkspace(v volume.Volume) builder.Workspace {
	created, _ := time.Parse(time.RFC3339, v.CreatedAt)
	return builder.Workspace{
		Name:       v.Labels[labelWorkspace],
		Recipe:     v.Labels[labelRecipe],
		Created:    created,
		Stamps:     map[string]builder.Stamp{},
		Unfinished: map[string]bool{},
		Runs:       map[string]builder.Run{},
	}
}

// containers are all containers of a workspace, the newest first.
func (e *Engine) containers(ctx context.Context, workspace string) ([]container.Summary, error) {
	all, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled(labelWorkspace, workspace)})
	if err != nil {
		return nil, failed("list the containers of workspace "+workspace, err)
	}
	return all, nil
}

func labelled(label, value string) filters.Args {
	return filters.NewArgs(filters.Arg("label", label+"="+value))
}

// inspectRun is the run that a step's container stands for.
func (e *Engine) inspectRun(ctx context.Context, id string) (builder.Run, error) {
	found, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return builder.Run{}, err
	}
	run := builder.Run{
		ID:     found.ID,
		Step:   found.Config.Labels[labelStep],
		Digest: found.Config.Labels[labelDigest],
		Client: found.Config.Labels[labelClient],
		State:  builder.RunExited,
		Result: builder.Result{ExitCode: found.State.ExitCode, OOMKilled: found.State.OOMKilled},
	}
	// A label that cannot be read is as good as none: nothing that is built depends on it.
	_ = json.Unmarshal([]byte(found.Config.Labels[labelConfig]), &run.Config)
	run.Started = moment(found.State.StartedAt)
	switch {
	case found.State.Running: // a paused one too
		run.State = builder.RunRunning
	case found.State.Status == container.StateCreated, found.State.Dead: // dead is one that is half removed
		run.State = builder.RunCreated
	default:
		run.Finished = moment(found.State.FinishedAt)
		if run.Finished.Before(run.Started) { // an engine may note the start of a short run after its end
			run.Finished = run.Started
		}
	}
	return run, nil
}

// moment reads the engine's times, which are of the year 1 where there is none.
func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() <= 1 {
		return time.Time{}
	}
	return at
}

// readVolume reads what is done from the workspace's volume.
func (e *Engine) readVolume(ctx context.Context, w *builder.Workspace) error {
	keeper, err := e.keeper(ctx, w.Name)
	if err != nil {
		return err
	}
	archive, _, err := e.api.CopyFromContainer(ctx, keeper, keeperDir+"/"+builder.StateDir+"/steps")
	if errdefs.IsNotFound(err) {
		return nil // no step has begun yet
	}
	if err != nil {
		return failed("read the stamps of workspace "+w.Name, err)
	}
	defer archive.Close()
	if err := readSteps(archive, w); err != nil {
		return failed("read the stamps of workspace "+w.Name, err)
	}
	return nil
}
