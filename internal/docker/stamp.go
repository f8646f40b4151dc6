package docker

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// The files of a workspace's directory of stamps; labels.go says what is in them.
const (
	stampSuffix      = ".stamp"
	unfinishedSuffix = ".unfinished"
	// maxStamp bounds what is read of a file in the volume, which anybody may have written.
	maxStamp = 1 << 20
)

// parseStamp reads a stamp.
func parseStamp(text string) (builder.Stamp, error) {
	stamp := builder.Stamp{After: map[string]string{}}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if err := readField(&stamp, key, value); err != nil {
			return builder.Stamp{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	if stamp.Step == "" || stamp.Run == "" || stamp.Digest == "" || stamp.Finished.IsZero() {
		return builder.Stamp{}, errors.New("a line is missing")
	}
	return stamp, nil
}

func readField(stamp *builder.Stamp, key, value string) (err error) {
	switch key {
	case "step":
		stamp.Step = value
	case "run":
		stamp.Run = value
	case "started":
		stamp.Started, err = time.Parse(time.RFC3339, value)
	case "finished":
		stamp.Finished, err = time.Parse(time.RFC3339, value)
	case "after":
		step, run, ok := strings.Cut(value, " ")
		if !ok {
			return errors.New("not a step and a run")
		}
		stamp.After[step] = run
	case "source":
		name, revision, ok := strings.Cut(value, " ")
		if !ok {
			return errors.New("not a name and a revision")
		}
		stamp.Sources = append(stamp.Sources, builder.Revision{Name: name, Revision: revision})
	case "verifier":
		stamp.Verifier = value
	case "config":
		return json.Unmarshal([]byte(value), &stamp.Config)
	case "definition":
		if !json.Valid([]byte(value)) {
			return errors.New("not JSON")
		}
		sum := sha256.Sum256([]byte(value))
		stamp.Definition, stamp.Digest = []byte(value), "sha256:"+hex.EncodeToString(sum[:])
	default:
		return errors.New("no such key")
	}
	return err
}

// readSteps reads an archive of the directory of stamps. A stamp that cannot be read is none: its step runs again.
func readSteps(archive io.Reader, w *builder.Workspace) error {
	for files := tar.NewReader(archive); ; {
		header, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Base(header.Name)
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if step, ok := strings.CutSuffix(name, unfinishedSuffix); ok {
			w.Unfinished[step] = true
		}
		step, ok := strings.CutSuffix(name, stampSuffix)
		if !ok {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(files, maxStamp))
		if err != nil {
			return err
		}
		if stamp, err := parseStamp(string(text)); err == nil && stamp.Step == step {
			w.Stamps[step] = stamp
		}
	}
}
