package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
)

// inputsDir is where step.sh looks for the files that the user brings.
const inputsDir = "var/tmp/coreos-builder-inputs"

// deliver copies the files that the step needs into its container.
func (e *Engine) deliver(ctx context.Context, id string, step builder.Step, order builder.Order) error {
	if len(step.Inputs) == 0 {
		return nil
	}
	archive, err := archiveInputs(step.Inputs, order)
	if err != nil {
		return err
	}
	return e.api.CopyToContainer(ctx, id, "/", bytes.NewReader(archive), container.CopyToContainerOptions{})
}

// archiveInputs is an archive of the files as the step is to find them. A file that is not what it was when the plan
// was made is refused.
func archiveInputs(inputs []builder.Input, order builder.Order) ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, input := range inputs {
		place := path.Join(inputsDir, strings.TrimPrefix(input.Path, builder.StateDir+"/inputs/"))
		for _, file := range input.Files {
			content, err := readInput(input.Option, file, order)
			if err != nil {
				return nil, err
			}
			header := &tar.Header{Name: path.Join(place, file.Name), Mode: 0o644, Size: int64(len(content))}
			if file.Executable {
				header.Mode = 0o755
			}
			if err := w.WriteHeader(header); err != nil {
				return nil, err
			}
			if _, err := w.Write(content); err != nil {
				return nil, err
			}
		}
	}
	err := w.Close()
	return archive.Bytes(), err
}

func readInput(option string, file builder.File, order builder.Order) ([]byte, error) {
	reader, err := order.Open(option, file)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != file.SHA256 {
		return nil, &builder.InputError{Option: option, Value: file.Name, Reason: "was changed while it was read: try again"}
	}
	return content, nil
}
