package main

import (
	"context"
	"os"
	"os/user"
	"time"

	"github.com/coreos-builder/coreos-builder/internal/docker"
)

// engineFlags say which engine to use. Every command has them.
type engineFlags struct {
	Host    string `short:"H" placeholder:"URL" help:"The Docker engine: unix://PATH, tcp://HOST:PORT or ssh://HOST. Default: as the docker command finds it."`
	Context string `placeholder:"NAME" help:"The docker context to use."`
	// Reconnect is how long a lost connection is tried to be made again.
	Reconnect time.Duration `default:"5m" placeholder:"TIME" help:"How long to try again when the connection to the engine is lost."`
}

func (f *engineFlags) connect(ctx context.Context) (*docker.Engine, error) {
	return docker.Connect(ctx, docker.Address{Host: f.Host, Context: f.Context, Patience: f.Reconnect})
}

// client is who asks, for others to read.
func client() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
