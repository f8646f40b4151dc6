package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/images"
)

// hasImage tells whether the image of that tag is there. Its tag is the digest of all that went into it, so one that is
// there is the right one.
func (e *Engine) hasImage(ctx context.Context, tag string) (bool, error) {
	found, err := e.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", tag))})
	if err != nil {
		return false, failed("look for image "+tag, err)
	}
	return len(found) > 0, nil
}

// prepareImage builds an image, unless it is there.
func (e *Engine) prepareImage(ctx context.Context, source builder.ImageSource, output func(string)) error {
	there, err := e.hasImage(ctx, source.Tag)
	if err != nil || there {
		return err
	}
	archive, err := images.Context(source.Name)
	if err != nil {
		return err
	}
	if digest, err := images.Digest(source.Name); err != nil || digest != source.Context {
		return &builder.InputError{Option: "plan", Reason: fmt.Sprintf(
			"asks for image %s of another version of this program (%s, here %s)", source.Name, source.Context, digest)}
	}
	output("Building image " + source.Tag)
	args := e.proxies()
	for name, value := range source.Args {
		args[name] = &value
	}
	reply, err := e.api.ImageBuild(ctx, bytes.NewReader(archive), build.ImageBuildOptions{
		Tags:        []string{source.Tag},
		BuildArgs:   args,
		Labels:      map[string]string{labelKind: kindImage},
		Remove:      true,
		ForceRemove: true,
		AuthConfigs: e.credentials(),
	})
	if err != nil {
		return failed("build image "+source.Tag, err)
	}
	defer reply.Body.Close()
	last, err := readProgress(reply.Body, output)
	if err != nil {
		return failed("build image "+source.Tag, explain(err, source, last))
	}
	return nil
}

// readProgress passes on what an image build prints, line by line, and returns the last line. What went wrong is the
// error.
func readProgress(stream io.Reader, output func(string)) (last string, err error) {
	for messages := json.NewDecoder(stream); ; {
		var message jsonmessage.JSONMessage
		if err := messages.Decode(&message); err == io.EOF {
			return last, nil
		} else if err != nil {
			return last, err
		}
		if message.Error != nil {
			return last, errors.New(message.Error.Message)
		}
		text := message.Stream
		if text == "" && message.Progress == nil {
			text = strings.TrimPrefix(message.ID+": "+message.Status, ": ")
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				last = line
				output(line)
			}
		}
	}
}

// explain adds to a failed image build what somebody can do about it.
func explain(err error, source builder.ImageSource, last string) error {
	if strings.Contains(last, " : FROM ") { // the builder says what it is about to do
		option := "base_image"
		if source.Name == machineImage {
			option = "qemu_base_image"
		}
		return fmt.Errorf("its base image %s cannot be pulled: %w; check the option %s, and that the engine reaches "+
			"the image's registry", source.Args["BASE"], err, option)
	}
	return fmt.Errorf("%w (after %q)", err, last)
}

// credentials are the registry credentials of the user's docker configuration, for base images that need them.
func (e *Engine) credentials() map[string]registry.AuthConfig {
	found := map[string]registry.AuthConfig{}
	all, err := e.config.GetAllCredentials()
	if err != nil {
		return found // the registry says so if it wants any
	}
	for host, auth := range all {
		found[host] = registry.AuthConfig{
			Username: auth.Username, Password: auth.Password, Auth: auth.Auth, ServerAddress: auth.ServerAddress,
			IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
		}
	}
	return found
}
