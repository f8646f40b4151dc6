package dockertest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/internal/docker"
)

const qemuDockerfile = `FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends qemu-system-x86 \
 && rm -rf /var/lib/apt/lists/*
`

// Console is the serial console of a machine.
type Console struct {
	t      testing.TB
	stream types.HijackedResponse
	mutex  sync.Mutex
	grown  *sync.Cond
	text   []byte
	seen   int
	ended  bool
}

// Boot starts a machine in QEMU, in a container, by the script that was built along with the image.
func Boot(t testing.TB, engine *docker.Engine, script string) *Console {
	t.Helper()
	api := engine.API()
	id := create(t, api, &container.Config{
		Image: buildImage(t, api, "qemu", qemuDockerfile), Cmd: []string{"sh", "/image/" + filepath.Base(script), "-nographic"},
		Tty: true, OpenStdin: true, AttachStdin: true, AttachStdout: true,
	}, &container.HostConfig{})
	files := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(script), "*qemu*"))
	must(t, err)
	for _, name := range names {
		content, err := os.ReadFile(name)
		must(t, err)
		files["image/"+filepath.Base(name)] = content
	}
	put(t, api, id, files)
	stream, err := api.ContainerAttach(t.Context(), id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true})
	must(t, err)
	t.Cleanup(stream.Close)
	must(t, api.ContainerStart(t.Context(), id, container.StartOptions{}))
	c := &Console{t: t, stream: stream}
	c.grown = sync.NewCond(&c.mutex)
	go c.read()
	return c
}

func (c *Console) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := c.stream.Reader.Read(buffer)
		c.mutex.Lock()
		c.text = append(c.text, buffer[:n]...)
		c.ended = err != nil
		c.grown.Broadcast()
		c.mutex.Unlock()
		if err != nil {
			return
		}
	}
}

// Expect waits for a text after the last that was expected.
func (c *Console) Expect(text string, patience time.Duration) {
	c.t.Helper()
	late := false
	defer time.AfterFunc(patience, func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		late = true
		c.grown.Broadcast()
	}).Stop()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for {
		if i := bytes.Index(c.text[c.seen:], []byte(text)); i >= 0 {
			c.seen += i + len(text)
			return
		}
		if late || c.ended {
			c.t.Fatalf("%q did not come; the console says:\n%s", text, c.text)
		}
		c.grown.Wait()
	}
}

// Send types a line.
func (c *Console) Send(line string) {
	c.t.Helper()
	_, err := io.WriteString(c.stream.Conn, line+"\n")
	must(c.t, err)
}
