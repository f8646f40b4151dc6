package dockertest

import (
	"context"
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
	before, err := imagesOf(engine.API())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	loops := loopDevices()
	code := g.tests.Run()
	left, err := leftovers(engine.API(), before, loops)
	if err != nil {
		left = append(left, err.Error())
	}
	for _, thing := range left {
		fmt.Fprintln(os.Stderr, "the tests have left", thing)
		code = 1
	}
	return code
}

// leftovers removes the images that are new, and names what else is.
func leftovers(api *client.Client, before, loops map[string]bool) ([]string, error) {
	ctx := context.Background()
	left := []string{}
	containers, err := api.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		ours := c.Labels[label] != "" || strings.HasPrefix(c.Labels["coreos-builder.workspace"], Workspaces)
		if ours && !goes(api, c) {
			left = append(left, fmt.Sprint("container ", c.Names))
		}
	}
	volumes, err := api.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, v := range volumes.Volumes {
		if strings.HasPrefix(v.Labels["coreos-builder.workspace"], Workspaces) {
			left = append(left, "volume "+v.Name)
		}
	}
	for device := range loopDevices() {
		if !loops[device] {
			left = append(left, "loop device "+device)
		}
	}
	if !slices.ContainsFunc(volumes.Volumes, func(v *volume.Volume) bool { return v.Labels["coreos-builder.kind"] == "volume" }) {
		_ = api.VolumeRemove(ctx, "coreos-builder-cache", false) // there is no workspace that shares it
	}
	return left, removeNew(api, before)
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

// removeNew removes the images that were not there before, unless somebody uses them by now.
func removeNew(api *client.Client, before map[string]bool) error {
	now, err := imagesOf(api)
	for id := range now {
		if !before[id] {
			_, _ = api.ImageRemove(context.Background(), id, image.RemoveOptions{PruneChildren: true})
		}
	}
	return err
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

// loopDevices are this machine's loop devices that hold an image of a build, each with the file behind it.
func loopDevices() map[string]bool {
	attached := map[string]bool{}
	files, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, file := range files {
		if behind, err := os.ReadFile(file); err == nil && strings.Contains(string(behind), "/build/images/") {
			attached[filepath.Base(filepath.Dir(filepath.Dir(file)))+" "+strings.TrimSpace(string(behind))] = true
		}
	}
	return attached
}
