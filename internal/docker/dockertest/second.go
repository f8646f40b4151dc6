package dockertest

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// What an engine of today needs besides itself, which no release of Debian has yet. Where the mirror is an old copy, its dates
// are passed over.
const currentDockerfile = `FROM debian:bookworm-slim
RUN echo 'deb http://deb.debian.org/debian sid main' >/etc/apt/sources.list.d/sid.list \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --target-release sid \
      ca-certificates containerd iptables python3 runc \
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
	outer        *client.Client
	id           string
}

// startSecond mounts a disk of its own for the engine, if it is to have one; takes the loop devices out of /dev, as in a
// container that was started before they were made; and starts the engine anew whenever it ends.
const startSecond = `
if [ -n "$DISK" ]; then
  truncate -s "$DISK" /disk.img && mkfs.ext4 -q /disk.img && mount -o loop /disk.img /var/lib/docker || exit
fi
rm -f /dev/loop[0-9]*
while :; do "$@"; done`

// currentEngine is the newest engine that the Go module proxy has as a command of one module.
const currentEngine = "github.com/moby/moby/v2/cmd/dockerd@v2.0.0-beta.24"

// StartCurrent starts an engine of today, which it builds first.
func StartCurrent(t testing.TB, engine *docker.Engine) Second {
	t.Helper()
	directory := t.TempDir()
	install := exec.Command("go", "install", "-trimpath", currentEngine)
	install.Env = append(os.Environ(), "GOBIN="+directory, "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(directory, "dockerd"))
	must(t, err)
	return start(t, engine, buildImage(t, engine.API(), "current-engine", currentDockerfile), "", map[string][]byte{"/usr/sbin/dockerd": program})
}

// StartSecond starts an engine that ends with the test. Its disk is that of the outer engine or, with a size such as 3G, one
// of its own.
func StartSecond(t testing.TB, engine *docker.Engine, disk string) Second {
	t.Helper()
	return start(t, engine, buildImage(t, engine.API(), "engine", secondDockerfile), disk, nil)
}

// start starts an engine in a container of an image, with some files besides.
func start(t testing.TB, engine *docker.Engine, image, disk string, files map[string][]byte) Second {
	t.Helper()
	api := engine.API()
	argv := []string{"sh", "-c", startSecond, "dockerd", "dockerd", "--host=tcp://0.0.0.0:2376", "--tlsverify",
		"--tlscacert=/certs/ca.pem", "--tlscert=/certs/server.pem", "--tlskey=/certs/server-key.pem", "--userland-proxy=false"}
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
		Image: image, Cmd: argv, ExposedPorts: nat.PortSet{enginePort: {}}, Env: []string{"DISK=" + disk},
	}, host)
	certificates := newCertificates(t)
	put(t, api, id, certificates.server)
	put(t, api, id, files)
	must(t, api.ContainerStart(t.Context(), id, container.StartOptions{}))
	awaitLine(t, api, id, "API listen on [::]:2376")
	found, err := api.ContainerInspect(t.Context(), id)
	must(t, err)
	second := Second{
		Host:         "tcp://" + net.JoinHostPort("127.0.0.1", found.NetworkSettings.Ports[enginePort][0].HostPort),
		Certificates: certificates.write(t),
		outer:        api,
		id:           id,
	}
	second.load(t, api)
	return second
}

// awaitLine waits until a container has printed a line that holds a text.
func awaitLine(t testing.TB, api *client.Client, id, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
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
	t.Fatalf("the second engine does not start:\n%s", strings.Join(all[max(0, len(all)-20):], "\n"))
}

// Use has the environment of the test name this engine.
func (s Second) Use(t testing.TB) {
	t.Setenv("DOCKER_HOST", s.Host)
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	t.Setenv("DOCKER_CERT_PATH", s.Certificates)
	t.Setenv("DOCKER_CONTEXT", "")
}

// Crash kills the engine's daemon, which is then started anew.
func (s Second) Crash(t testing.TB) { s.Exec(t, "sh", "-c", "kill -9 $(cat /var/run/docker.pid)") }

// Exec runs a command beside the engine, and returns what it printed.
func (s Second) Exec(t testing.TB, argv ...string) string {
	t.Helper()
	ctx := context.Background()
	made, err := s.outer.ContainerExecCreate(ctx, s.id, container.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	must(t, err)
	attached, err := s.outer.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	must(t, err)
	defer attached.Close()
	var out strings.Builder
	_, err = stdcopy.StdCopy(&out, &out, attached.Reader)
	must(t, err)
	return out.String()
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
