package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

// vouch DIR [FLAGS] is a program of the scripts: it writes beside the files of a directory what a build of the demo writes
// beside its results.
func vouch() {
	if err := writeProvenance(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeProvenance(directory string, args []string) error {
	var flags signFlags
	parser, err := kong.New(&flags)
	if err != nil {
		return err
	}
	if _, err := parser.Parse(args); err != nil {
		return err
	}
	options, err := flags.options()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	var files []artifact.File
	for _, entry := range entries {
		if entry.Name() != "version.txt" && !strings.HasPrefix(entry.Name(), "coreos_") {
			continue
		}
		content, err := root.ReadFile(entry.Name())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		files = append(files, artifact.File{Name: entry.Name(), Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	}
	build := provenance.Describe(builder.Plan{Recipe: "demo"}, builder.Workspace{})
	return provenance.Write(context.Background(), root, build, files, options)
}
