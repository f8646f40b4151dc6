// Package docker is builder's engine on a Docker daemon, and everything else that coreos-builder asks of one. It is the
// only package that knows the Docker API.
package docker

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/connhelper"
	clicontext "github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Engine is a Docker daemon. It implements builder.Engine.
type Engine struct {
	api    *client.Client
	config *configfile.ConfigFile
	// patience is how long a lost connection is tried to be made again.
	patience time.Duration
	// tidying is what is put away while others go on.
	tidying sync.WaitGroup
}

var _ builder.Engine = (*Engine)(nil)

// Address says which daemon to use. What is empty is found as the docker command finds it: the environment's
// DOCKER_HOST, then DOCKER_CONTEXT, then the current context of the configuration, then the default socket.
type Address struct {
	Host, Context string
	// Patience is how long a connection that is lost later is tried to be made again; 0 is DefaultPatience.
	Patience time.Duration
}

// pingTimeout is how long a daemon may take to answer at all.
const pingTimeout = 20 * time.Second

// Connect reaches a daemon and agrees on an API version with it. That it cannot is a *builder.EngineError; that the
// address is no good, a *builder.InputError.
func Connect(ctx context.Context, address Address) (*Engine, error) {
	if address.Host != "" && address.Context != "" {
		return nil, &builder.InputError{Option: "host", Value: address.Host, Reason: "cannot go together with context"}
	}
	configuration, err := config.Load(config.Dir())
	if err != nil {
		return nil, &builder.InputError{Option: "the docker configuration", Reason: "cannot be read: " + err.Error()}
	}
	options, where, err := find(address, configuration)
	if err != nil {
		return nil, err
	}
	api, err := client.NewClientWithOpts(append(options, client.WithAPIVersionNegotiation())...)
	if err != nil {
		return nil, &builder.InputError{Option: "host", Value: where, Reason: "is no address of an engine: " + err.Error()}
	}
	pingCtx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	ping, err := api.Ping(pingCtx)
	if err == nil {
		err = suitable(ping)
	}
	if err != nil {
		api.Close()
		return nil, &builder.EngineError{Doing: "reach the Docker engine at " + where, Err: err}
	}
	return &Engine{api: api, config: configuration, patience: cmp.Or(address.Patience, DefaultPatience)}, nil
}

// API is the client that the engine is asked through, for tests that look behind this package.
func (e *Engine) API() *client.Client { return e.api }

// Close ends the connection, when all is put away.
func (e *Engine) Close() error {
	e.tidying.Wait()
	return e.api.Close()
}

func suitable(ping types.Ping) error {
	if ping.OSType != "" && ping.OSType != "linux" {
		return fmt.Errorf("it runs %s containers; Linux ones are needed", ping.OSType)
	}
	return nil
}

// find is the way to the daemon, and its address for people.
func find(address Address, configuration *configfile.ConfigFile) ([]client.Opt, string, error) {
	host, name := address.Host, address.Context
	if host == "" && name == "" {
		host = os.Getenv(client.EnvOverrideHost)
	}
	if host != "" {
		options, err := hostOptions(host)
		return options, host, err
	}
	if name == "" {
		name = os.Getenv("DOCKER_CONTEXT")
	}
	if name == "" {
		name = configuration.CurrentContext
	}
	if name == "" || name == "default" {
		options, err := hostOptions(client.DefaultDockerHost)
		return options, client.DefaultDockerHost, err
	}
	return contextOptions(name)
}

// hostOptions are for a host by its URL. Over TCP the certificates of DOCKER_CERT_PATH are used, as docker does it.
func hostOptions(host string) ([]client.Opt, error) {
	if !strings.Contains(host, "://") {
		return nil, &builder.InputError{Option: "host", Value: host, Reason: "is not of the form unix://PATH, tcp://HOST:PORT or ssh://HOST"}
	}
	helper, err := connhelper.GetConnectionHelper(host)
	if err != nil {
		return nil, &builder.InputError{Option: "host", Value: host, Reason: "cannot be reached over ssh: " + err.Error()}
	}
	if helper != nil {
		return []client.Opt{client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: helper.Dialer}}),
			client.WithHost(helper.Host), client.WithDialContext(helper.Dialer)}, nil
	}
	options := []client.Opt{client.WithHost(host)}
	wanted := os.Getenv(client.EnvTLSVerify) != "" || os.Getenv(client.EnvOverrideCertPath) != ""
	if !wanted || !strings.HasPrefix(host, "tcp://") {
		return options, nil
	}
	directory := os.Getenv(client.EnvOverrideCertPath)
	if directory == "" {
		directory = config.Dir()
	}
	tls, err := tlsconfig.Client(tlsconfig.Options{
		CAFile:             filepath.Join(directory, "ca.pem"),
		CertFile:           filepath.Join(directory, "cert.pem"),
		KeyFile:            filepath.Join(directory, "key.pem"),
		InsecureSkipVerify: os.Getenv(client.EnvTLSVerify) == "",
		ExclusiveRootPools: true,
	})
	if err != nil {
		return nil, &builder.InputError{Option: client.EnvOverrideCertPath, Value: directory, Reason: "has no good certificates: " + err.Error()}
	}
	transport := client.WithHTTPClient(&http.Client{Transport: &http.Transport{TLSClientConfig: tls},
		CheckRedirect: client.CheckRedirect})
	return []client.Opt{transport, client.WithHost(host)}, nil
}

// contextOptions are for a context that "docker context create" made.
func contextOptions(name string) ([]client.Opt, string, error) {
	contexts := store.New(config.ContextStoreDir(), store.NewConfig(func() any { return &map[string]any{} },
		store.EndpointTypeGetter(clicontext.DockerEndpoint, func() any { return &clicontext.EndpointMeta{} })))
	wrong := func(err error) error {
		return &builder.InputError{Option: "context", Value: name, Reason: "cannot be used: " + err.Error()}
	}
	metadata, err := contexts.GetMetadata(name)
	if err != nil {
		return nil, "", wrong(err)
	}
	meta, err := clicontext.EndpointFromContext(metadata)
	if err != nil {
		return nil, "", wrong(err)
	}
	endpoint, err := clicontext.WithTLSData(contexts, name, meta)
	if err != nil {
		return nil, "", wrong(err)
	}
	options, err := endpoint.ClientOpts()
	if err != nil {
		return nil, "", wrong(err)
	}
	return options, fmt.Sprintf("%s (context %s)", endpoint.Host, name), nil
}
