// Package dockertest helps tests that need a Docker engine. It finds the engine, starts a second one inside it, boots
// the images that were built, and sees to it that tests leave nothing behind.
package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/coreos-builder/coreos-builder/internal/docker"
)

// label is on everything that tests make besides what the engine under test makes.
const label = "coreos-builder.test"

// Connect is the engine to test on. Without one the test is skipped or, with REQUIRE_DOCKER=1, fails.
func Connect(t testing.TB) *docker.Engine {
	t.Helper()
	engine, err := docker.Connect(context.Background(), docker.Address{})
	if err != nil {
		if os.Getenv("REQUIRE_DOCKER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

// buildImage builds an image of a Dockerfile, once for all tests of a run.
func buildImage(t testing.TB, api *client.Client, name, dockerfile string) string {
	t.Helper()
	tag := "coreos-builder-test/" + name
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	must(t, w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))}))
	_, err := io.WriteString(w, dockerfile)
	must(t, err)
	must(t, w.Close())
	reply, err := api.ImageBuild(t.Context(), &archive, build.ImageBuildOptions{
		Tags: []string{tag}, Labels: map[string]string{label: name}, Remove: true, ForceRemove: true,
	})
	must(t, err)
	defer reply.Body.Close()
	var log bytes.Buffer
	if err := jsonmessage.DisplayJSONMessagesStream(reply.Body, &log, 0, false, nil); err != nil {
		t.Fatalf("build %s: %v\n%s", tag, err, log.String())
	}
	return tag
}

// create makes a container that goes away, with its volumes, when the test ends.
func create(t testing.TB, api *client.Client, config *container.Config, host *container.HostConfig) string {
	t.Helper()
	config.Labels = map[string]string{label: "container"}
	created, err := api.ContainerCreate(t.Context(), config, host, nil, nil, "")
	must(t, err)
	t.Cleanup(func() {
		err := api.ContainerRemove(context.Background(), created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if err != nil {
			t.Error(err)
		}
	})
	return created.ID
}

// put copies files into a container, by path.
func put(t testing.TB, api *client.Client, id string, files map[string][]byte) {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, content := range files {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := w.Write(content)
		must(t, err)
	}
	must(t, w.Close())
	must(t, api.CopyToContainer(t.Context(), id, "/", &archive, container.CopyToContainerOptions{}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("test set-up: %w", err))
	}
}
