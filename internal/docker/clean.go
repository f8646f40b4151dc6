package docker

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Clean removes workspaces, and the images that were made for them and that no other workspace needs.
func (e *Engine) Clean(ctx context.Context, workspaces []string) error {
	unneeded, err := e.imagesOf(ctx, workspaces)
	if err != nil {
		return err
	}
	for _, name := range workspaces {
		if err := e.Remove(ctx, name); err != nil {
			return err
		}
	}
	left, err := e.Workspaces(ctx)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		if err := e.removeCache(ctx); err != nil {
			return err
		}
		return e.removeAllImages(ctx)
	}
	var names []string
	for _, w := range left {
		names = append(names, w.Name)
	}
	needed, err := e.imagesOf(ctx, names)
	if err != nil {
		return err
	}
	for tag := range unneeded {
		if !needed[tag] {
			if err := e.removeImage(ctx, tag); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCache removes what workspaces share.
func (e *Engine) removeCache(ctx context.Context) error {
	found, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: labelled(labelKind, kindCache)})
	if err != nil {
		return failed("list volumes", err)
	}
	for _, v := range found.Volumes {
		if err := e.api.VolumeRemove(ctx, v.Name, false); err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			return failed("remove volume "+v.Name+", which workspaces shared", err)
		}
	}
	return nil
}

// imagesOf are the builder images that were used in workspaces, as far as stamps and containers tell.
func (e *Engine) imagesOf(ctx context.Context, workspaces []string) (map[string]bool, error) {
	tags := map[string]bool{}
	for _, name := range workspaces {
		w, err := e.Look(ctx, name)
		if errors.Is(err, builder.ErrNoWorkspace) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, stamp := range w.Stamps {
			var definition builder.Definition
			if json.Unmarshal(stamp.Definition, &definition) == nil && definition.Image != "" {
				tags[definition.Image] = true
			}
		}
		containers, err := e.containers(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, c := range containers {
			if c.Labels[labelKind] == kindStep {
				tags[c.Image] = true
			}
		}
	}
	return tags, nil
}

// removeAllImages removes every image that is ours.
func (e *Engine) removeAllImages(ctx context.Context) error {
	all, err := e.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelKind))})
	if err != nil {
		return failed("list the builder images", err)
	}
	for _, found := range all {
		tags := slices.DeleteFunc(found.RepoTags, func(tag string) bool { return tag == "<none>:<none>" })
		for _, tag := range append(tags, found.ID) {
			if err := e.removeImage(ctx, tag); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeImage removes an image, unless a container is made of it.
func (e *Engine) removeImage(ctx context.Context, tag string) error {
	_, err := e.api.ImageRemove(ctx, tag, image.RemoveOptions{PruneChildren: true})
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
		return failed("remove image "+tag, err)
	}
	return nil
}
