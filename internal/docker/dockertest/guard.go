package dockertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/coreos-builder/coreos-builder/internal/docker"
)

// Workspaces is what the names of all workspaces begin with that tests make.
const Workspaces = "test-"

// Tests are those of a package, as *testing.M.
type Tests interface{ Run() int }

// Guard are tests that use the engine while no other package's do, and that fail when they leave something on it.
func Guard(tests Tests) Tests { return guard{tests} }

type guard struct{ tests Tests }

func (g guard) Run() int {
	if slices.Contains(os.Args, "-test.fuzzworker") { // its parent has the lock
		return g.tests.Run()
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "coreos-builder-tests.lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err == nil {
		defer lock.Close()
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wait for other tests:", err)
		return 1
	}
	engine, err := docker.Connect(context.Background(), docker.Address{})
	if err != nil {
		return g.tests.Run() // they say so themselves
	}
	defer engine.Close()
	before, err := take(engine.API())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := g.tests.Run()
	if err := before.compare(engine.API()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// inventory is what bears the builder's labels, or the tests', on an engine. What a killed run of tests has left is in it
// from the start: it is not held against the next run.
type inventory struct {
	images map[string]bool
	things map[string]bool // containers and volumes of tests, loop devices of builds
	shared bool            // a workspace shares the cache
}

func take(api *client.Client) (inventory, error) {
	images, err := imagesOf(api)
	if err != nil {
		return inventory{}, err
	}
	found := inventory{images: images, things: loopDevices()}
	containers, err := api.ContainerList(context.Background(), container.ListOptions{All: true})
	if err != nil {
		return inventory{}, err
	}
	for _, c := range containers {
		ours := c.Labels[label] != "" || strings.HasPrefix(c.Labels["coreos-builder.workspace"], Workspaces)
		if ours && !goes(api, c) {
			found.things[fmt.Sprintf("container %s %s", c.ID[:12], c.Names)] = true
		}
	}
	volumes, err := api.VolumeList(context.Background(), volume.ListOptions{})
	if err != nil {
		return inventory{}, err
	}
	for _, v := range volumes.Volumes {
		found.shared = found.shared || v.Labels["coreos-builder.kind"] == "volume"
		if strings.HasPrefix(v.Labels["coreos-builder.workspace"], Workspaces) {
			found.things["volume "+v.Name] = true
		}
	}
	return found, nil
}

// compare removes the images that are new, and names what else is.
func (before inventory) compare(api *client.Client) error {
	now, err := take(api)
	if err != nil {
		return err
	}
	left := []error{}
	for thing := range now.things {
		if !before.things[thing] {
			left = append(left, fmt.Errorf("the tests have left %s", thing))
		}
	}
	for id := range now.images {
		if !before.images[id] {
			_, _ = api.ImageRemove(context.Background(), id, image.RemoveOptions{PruneChildren: true}) // unless it is in use
		}
	}
	if !now.shared {
		removeCaches(api)
	}
	return errors.Join(left...)
}

// removeCaches removes what workspaces shared.
func removeCaches(api *client.Client) {
	caches, err := api.VolumeList(context.Background(), volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "coreos-builder.kind=cache"))})
	if err != nil {
		return
	}
	for _, v := range caches.Volumes {
		_ = api.VolumeRemove(context.Background(), v.Name, false)
	}
}

// goes waits for a container that the engine is about to remove by itself, as that of a shell that has ended.
func goes(api *client.Client, c container.Summary) bool {
	if len(c.Names) > 0 && c.State != container.StateRemoving {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	gone, failure := api.ContainerWait(ctx, c.ID, container.WaitConditionRemoved)
	select {
	case <-gone:
		return true
	case err := <-failure:
		return errdefs.IsNotFound(err)
	}
}

// imagesOf are the ids of the images that bear the builder's labels, or the tests'.
func imagesOf(api *client.Client) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, wanted := range []string{label, "coreos-builder.kind"} {
		all, err := api.ImageList(context.Background(), image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", wanted))})
		if err != nil {
			return nil, err
		}
		for _, found := range all {
			ids[found.ID] = true
		}
	}
	return ids, nil
}

// loopDevices are those of this machine that hold an image of a build, each with the file behind it.
func loopDevices() map[string]bool {
	attached := map[string]bool{}
	files, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, file := range files {
		if behind, err := os.ReadFile(file); err == nil && strings.Contains(string(behind), "/build/images/") {
			attached["loop device "+filepath.Base(filepath.Dir(filepath.Dir(file)))+" "+strings.TrimSpace(string(behind))] = true
		}
	}
	return attached
}
