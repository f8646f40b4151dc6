package dockertest

import (
	"bufio"
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"

	"github.com/coreos-builder/coreos-builder/internal/docker"
)

// Docker-in-Docker as a CI service has it. The runtime that the outer engine uses by default may be somebody's script,
// hence python3.
const secondDockerfile = `FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates docker.io iptables python3 \
 && rm -rf /var/lib/apt/lists/*
VOLUME /var/lib/docker
`

// baseImage is in the second engine from the start: it may have no registry to pull it from.
const baseImage = "debian:bookworm-slim"

const enginePort = nat.Port("2376/tcp")

// Second is an engine inside the engine, with nothing on it but one base image. It is reached over TCP with TLS.
type Second struct {
	Host string
	// Certificates is the directory that DOCKER_CERT_PATH is to name.
	Certificates string
}

// StartSecond starts an engine that ends with the test. Its /dev holds no loop devices: as in a container that was
// started before the devices were made.
func StartSecond(t testing.TB, engine *docker.Engine) Second {
	t.Helper()
	api := engine.API()
	argv := []string{"sh", "-c", `rm -f /dev/loop[0-9]*; exec "$@"`, "dockerd", "dockerd", "--host=tcp://0.0.0.0:2376", "--tlsverify",
		"--tlscacert=/certs/ca.pem", "--tlscert=/certs/server.pem", "--tlskey=/certs/server-key.pem"}
	host := &container.HostConfig{
		Privileged:   true,
		PortBindings: nat.PortMap{enginePort: {{HostIP: "127.0.0.1"}}},
	}
	info, err := api.Info(t.Context())
	must(t, err)
	if path := info.Runtimes[info.DefaultRuntime].Path; filepath.IsAbs(path) {
		host.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: path, Target: path, ReadOnly: true}}
		argv = append(argv, "--add-runtime="+info.DefaultRuntime+"="+path, "--default-runtime="+info.DefaultRuntime)
	}
	id := create(t, api, &container.Config{
		Image: buildImage(t, api, "engine", secondDockerfile), Cmd: argv, ExposedPorts: nat.PortSet{enginePort: {}},
	}, host)
	certificates := newCertificates(t)
	put(t, api, id, certificates.server)
	must(t, api.ContainerStart(t.Context(), id, container.StartOptions{}))
	awaitLine(t, api, id, "API listen on [::]:2376")
	found, err := api.ContainerInspect(t.Context(), id)
	must(t, err)
	second := Second{
		Host:         "tcp://" + net.JoinHostPort("127.0.0.1", found.NetworkSettings.Ports[enginePort][0].HostPort),
		Certificates: certificates.write(t),
	}
	second.load(t, api)
	return second
}

// awaitLine waits until a container has printed a line that holds a text.
func awaitLine(t testing.TB, api *client.Client, id, text string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, err := api.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	must(t, err)
	reader, writer := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(writer, writer, log)
		writer.CloseWithError(err)
	}()
	defer reader.Close()
	var all []string
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			return
		}
		all = append(all, lines.Text())
	}
	t.Fatalf("the second engine ended:\n%s", strings.Join(all, "\n"))
}

// load gives the second engine the base image.
func (s Second) load(t testing.TB, outer *client.Client) {
	t.Helper()
	inner, err := client.NewClientWithOpts(client.WithHost(s.Host), client.WithAPIVersionNegotiation(), client.WithTLSClientConfig(
		filepath.Join(s.Certificates, "ca.pem"), filepath.Join(s.Certificates, "cert.pem"), filepath.Join(s.Certificates, "key.pem")))
	must(t, err)
	defer inner.Close()
	saved, err := outer.ImageSave(t.Context(), []string{baseImage})
	must(t, err)
	defer saved.Close()
	loaded, err := inner.ImageLoad(t.Context(), saved)
	must(t, err)
	defer loaded.Body.Close()
	_, err = io.Copy(io.Discard, loaded.Body)
	must(t, err)
}
