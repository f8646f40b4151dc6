package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Prepare implements builder.Engine.
func (e *Engine) Prepare(ctx context.Context, plan builder.Plan, output func(string)) error {
	if err := e.checkHost(ctx, plan); err != nil {
		return err
	}
	if err := e.PrepareTools(ctx, plan, output); err != nil {
		return err
	}
	_, err := e.api.VolumeCreate(ctx, volume.CreateOptions{
		Name: volumeName(plan.Workspace),
		Labels: map[string]string{
			labelKind: kindVolume, labelWorkspace: plan.Workspace, labelRecipe: plan.Recipe,
		},
	})
	if err != nil {
		return failed("make the volume of workspace "+plan.Workspace, err)
	}
	_, err = e.keeper(ctx, plan.Workspace)
	return err
}

// PrepareTools makes sure that what looks at a workspace that is there can run: the plan's image, and the volume that
// workspaces share.
func (e *Engine) PrepareTools(ctx context.Context, plan builder.Plan, output func(string)) error {
	if err := e.prepareImage(ctx, plan.Image, output); err != nil {
		return err
	}
	return e.prepareCache(ctx, plan)
}

// prepareCache makes the volume that workspaces share, if the plan's does. An engine that is asked for a container with a
// volume that is not there makes one too, but without a label.
func (e *Engine) prepareCache(ctx context.Context, plan builder.Plan) error {
	if plan.Cache == "" {
		return nil
	}
	cache := volume.CreateOptions{Name: cacheName(plan), Labels: map[string]string{labelKind: kindCache}}
	if _, err := e.api.VolumeCreate(ctx, cache); err != nil {
		return failed("make the volume that workspaces share", err)
	}
	return nil
}

// Room is how many cores the engine's host has, and how much memory in MiB. It is nothing where that cannot be told.
func (e *Engine) Room(ctx context.Context) (cores, memory int) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return 0, 0
	}
	return info.NCPU, int(info.MemTotal >> 20)
}

// checkHost refuses an engine that cannot run the plan, rather than let a step fail on it without a word why.
func (e *Engine) checkHost(ctx context.Context, plan builder.Plan) error {
	info, err := e.api.Info(ctx)
	if err != nil {
		return failed("ask the engine what it is", err)
	}
	if info.Architecture != "" && info.Architecture != "x86_64" {
		return failed("build on this engine", fmt.Errorf("its host is %s; the SDK runs on x86_64 alone", info.Architecture))
	}
	for _, option := range info.SecurityOptions {
		for _, step := range plan.Steps {
			if option == "name=rootless" && step.Privileged {
				return failed("build on this engine", fmt.Errorf(
					"it runs without root, and step %s needs what only root on its host may do: mounts and loop devices", step.Name))
			}
		}
	}
	return nil
}

// keeper is the container through which a workspace's files are read: one that mounts the volume and never runs. It is
// made when it is missing, as after "docker container prune", and it keeps the volume from "docker volume prune".
func (e *Engine) keeper(ctx context.Context, workspace string) (string, error) {
	name := keeperName(workspace)
	_, err := e.api.ContainerInspect(ctx, name)
	if err == nil {
		return name, nil
	}
	if !errdefs.IsNotFound(err) {
		return "", failed("look at container "+name, err)
	}
	if err := e.prepareKeeperImage(ctx); err != nil {
		return "", err
	}
	configuration := &container.Config{
		Image:  keeperImage,
		Cmd:    []string{"never-run"},
		Labels: map[string]string{labelKind: kindKeeper, labelWorkspace: workspace},
	}
	_, err = e.api.ContainerCreate(ctx, configuration, &container.HostConfig{
		Mounts: []mount.Mount{volumeMount(workspace, keeperDir)},
	}, nil, nil, name)
	if err != nil && !errdefs.IsConflict(err) { // somebody else was faster
		return "", failed("make container "+name, err)
	}
	return name, nil
}

// prepareKeeperImage makes the empty image that keepers are made of. No registry is asked for it.
func (e *Engine) prepareKeeperImage(ctx context.Context) error {
	if _, err := e.api.ImageInspect(ctx, keeperImage); err == nil {
		return nil
	}
	var empty bytes.Buffer
	if err := tar.NewWriter(&empty).Close(); err != nil {
		return err
	}
	reply, err := e.api.ImageImport(ctx, image.ImportSource{Source: &empty, SourceName: "-"}, keeperImage,
		image.ImportOptions{Changes: []string{"LABEL " + labelKind + "=" + kindKeeper}})
	if err != nil {
		return failed("make image "+keeperImage, err)
	}
	defer reply.Close()
	_, err = io.Copy(io.Discard, reply)
	e.removeUnnamedKeepers(ctx)
	return err
}

// removeUnnamedKeepers removes the keepers' images that this client, or one that did the same at the same moment, took the
// name from.
func (e *Engine) removeUnnamedKeepers(ctx context.Context) {
	unnamed, err := e.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(
		filters.Arg("dangling", "true"), filters.Arg("label", labelKind+"="+kindKeeper))})
	if err != nil {
		return // they take room and do no harm
	}
	for _, found := range unnamed {
		_, _ = e.api.ImageRemove(ctx, found.ID, image.RemoveOptions{PruneChildren: true})
	}
}

func failed(doing string, err error) error {
	if strings.Contains(err.Error(), "no space left on device") {
		err = fmt.Errorf("the engine's disk is full: make room on it, as with 'coreos-builder clean WORKSPACE' or "+
			"'docker system prune', then build again (%w)", err)
	}
	return &builder.EngineError{Doing: doing, Err: err}
}
