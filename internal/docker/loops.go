package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/coreos-builder/coreos-builder/builder"
)

// detachLoops detaches the loop devices of the engine's host that hold files of a workspace, after a step that had no time
// to do so itself. It needs a builder image, to run the program in it that knows whose they are. What cannot be detached
// does no harm but that it is there: the next step that uses loop devices tries again.
func (e *Engine) detachLoops(ctx context.Context, workspace, image string) {
	if image == "" {
		return
	}
	// To mount a volume that somebody has removed meanwhile would make it anew.
	found, err := e.api.VolumeInspect(ctx, volumeName(workspace))
	if err != nil || found.Labels[labelKind] != kindVolume {
		return
	}
	_, _ = e.tool(ctx, spec{
		container: &container.Config{
			Image:        image,
			Cmd:          []string{"sudo", "-n", "detach-loops", keeperDir, keeperDir + "/" + builder.StateDir + "/loops.lock"},
			Labels:       map[string]string{labelKind: kindTool, labelWorkspace: workspace},
			AttachStdout: true,
			AttachStderr: true,
		},
		host: &container.HostConfig{
			Privileged: true,
			UsernsMode: "host",
			Mounts:     []mount.Mount{volumeMount(workspace, keeperDir), hostDevices},
			LogConfig:  container.LogConfig{Type: "none"},
		},
	}, "detach-loops")
}
