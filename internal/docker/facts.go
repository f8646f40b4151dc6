package docker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Version is the engine's name and version, as it gives them; empty where it gives none.
func (e *Engine) Version(ctx context.Context) (name string, err error) {
	err = e.persist(ctx, nil, func(ctx context.Context) error {
		found, err := e.api.ServerVersion(ctx)
		name = versionOf(found)
		return err
	})
	if err != nil {
		return "", failed("ask the engine for its version", err)
	}
	return name, nil
}

// versionOf takes what the makers call the whole, or else its first part, which Docker's own source calls just "Engine".
// Some give the platform that it runs on instead.
func versionOf(found types.Version) string {
	name := found.Platform.Name
	if (name == "" || strings.Contains(name, "/")) && len(found.Components) > 0 {
		if name = found.Components[0].Name; name == "Engine" {
			name = "Docker Engine"
		}
	}
	if found.Version == "" {
		return ""
	}
	return strings.TrimSpace(name + " " + found.Version)
}

// Image is what the engine tells of a builder image. What it does not tell is empty.
type Image struct {
	// ID is the engine's digest of it, and Created when it was made.
	ID      string
	Created time.Time
	// Base is the image that it was made from, and BaseDigest the registry's digest of that, of the form sha256:HEX.
	Base, BaseDigest string
}

// Image looks at a plan's builder image. Of one that is not there, nothing is known.
func (e *Engine) Image(ctx context.Context, source builder.ImageSource) (found Image, err error) {
	err = e.persist(ctx, nil, func(ctx context.Context) error {
		found, err = e.image(ctx, source)
		return err
	})
	if err != nil {
		return Image{}, failed("look at image "+source.Tag, err)
	}
	return found, nil
}

func (e *Engine) image(ctx context.Context, source builder.ImageSource) (Image, error) {
	built, err := e.api.ImageInspect(ctx, source.Tag)
	if errdefs.IsNotFound(err) {
		return Image{}, nil
	}
	if err != nil {
		return Image{}, err
	}
	found := Image{ID: built.ID, Created: moment(built.Created)}
	base := source.Args["BASE"]
	if base == "" {
		return found, nil
	}
	from, err := e.api.ImageInspect(ctx, base)
	if errdefs.IsNotFound(err) {
		return found, nil // it was removed, or a builder that keeps none pulled it
	}
	if err != nil {
		return Image{}, err
	}
	if found.BaseDigest = baseDigest(built, from, base); found.BaseDigest != "" {
		found.Base = base
	}
	return found, nil
}

// baseDigest is the registry's digest of the image that another was made from. A tag may name another image by now: the
// right one's layers are the first of those that were made on it.
func baseDigest(built, from image.InspectResponse, base string) string {
	n := len(from.RootFS.Layers)
	if n == 0 || n > len(built.RootFS.Layers) || !slices.Equal(from.RootFS.Layers, built.RootFS.Layers[:n]) {
		return ""
	}
	repository, _, _ := strings.Cut(base, "@")
	if tag := strings.LastIndex(repository, ":"); tag > strings.LastIndex(repository, "/") {
		repository = repository[:tag]
	}
	for _, known := range from.RepoDigests {
		if name, digest, ok := strings.Cut(known, "@"); ok && name == repository {
			return digest
		}
	}
	return ""
}

// State reads a file of the builder's own in a workspace, by its name; nil when it is not there. It refuses what is no plain
// file, or larger than the limit: anything in a workspace may have been written by anybody.
func (e *Engine) State(ctx context.Context, workspace, name string, limit int64) (content []byte, err error) {
	err = e.persist(ctx, nil, func(ctx context.Context) error {
		keeper, err := e.keeper(ctx, workspace)
		if err != nil {
			return err
		}
		archive, _, err := e.api.CopyFromContainer(ctx, keeper, path.Join(keeperDir, builder.StateDir, name))
		if errdefs.IsNotFound(err) {
			content = nil
			return nil
		}
		if err != nil {
			return err
		}
		defer archive.Close()
		content, err = onlyFile(archive, limit)
		return err
	})
	if err != nil {
		return nil, failed(fmt.Sprintf("read %s of workspace %s", name, workspace), err)
	}
	return content, nil
}

// firstFile is the first file of an archive, and its size.
func firstFile(archive io.Reader) (*tar.Reader, int64, error) {
	files := tar.NewReader(archive)
	header, err := files.Next()
	if err != nil {
		return nil, 0, err
	}
	if header.Typeflag != tar.TypeReg {
		return nil, 0, errors.New("it is not a plain file")
	}
	return files, header.Size, nil
}

// onlyFile is the one file of an archive.
func onlyFile(archive io.Reader, limit int64) ([]byte, error) {
	files, size, err := firstFile(archive)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	content, err := io.ReadAll(files)
	if err != nil {
		return nil, err
	}
	if _, err := files.Next(); err != io.EOF {
		return nil, errors.New("it is not one file")
	}
	return content, nil
}
