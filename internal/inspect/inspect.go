// Package inspect says what is in an image: its partitions, their file systems, and the files of those. It reads what a
// program in a container read from what others wrote, and believes none of it.
package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Image is an artefact that is looked into.
type Image struct {
	Name string `json:"name"`
	// Format is raw, qcow2, vmdk or another that qemu-img knows; what is no disk is raw as well.
	Format string `json:"format"`
	// Size is the disk's, FileSize the file's, Stored how many bytes of that take up room in the workspace.
	Size     int64 `json:"size"`
	FileSize int64 `json:"file_size"`
	Stored   int64 `json:"stored"`
	// Table is gpt, dos, or empty, where there is none; TableID is its UUID.
	Table      string      `json:"table,omitempty"`
	TableID    string      `json:"table_id,omitempty"`
	Partitions []Partition `json:"partitions,omitempty"`
	// FileSystem is that of an image without a partition table, and nil where there is none, or none that is known.
	FileSystem *FileSystem `json:"file_system,omitempty"`
}

// Partition is a part of a disk. Where it starts and its size are in bytes.
type Partition struct {
	Number     int    `json:"number"`
	Label      string `json:"label,omitempty"`
	Type       string `json:"type"`
	UUID       string `json:"uuid,omitempty"`
	Attributes string `json:"attributes,omitempty"`
	Start      int64  `json:"start"`
	Size       int64  `json:"size"`
	// FileSystem is nil where there is none, or none that is known.
	FileSystem *FileSystem `json:"file_system,omitempty"`
}

// FileSystem is what is in a partition.
type FileSystem struct {
	Type  string `json:"type"`
	Label string `json:"label,omitempty"`
	UUID  string `json:"uuid,omitempty"`
	// Size and Used are in bytes, of one that could be read.
	Size int64 `json:"size,omitempty"`
	Used int64 `json:"used,omitempty"`
	// Unread is why it could not be read, or not whole.
	Unread string `json:"unread,omitempty"`
	// OSRelease is os-release of one that holds an operating system, by name.
	OSRelease map[string]string `json:"os_release,omitempty"`
	// OEM is what an OEM partition says that it is.
	OEM *OEM `json:"oem,omitempty"`
	// Files are all that are in it, where they were asked for, by path.
	Files []File `json:"files,omitempty"`
}

// OEM is the provider that an image is made for.
type OEM struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// File is a file of a file system. Names that are not UTF-8 have their bytes as \xNN.
type File struct {
	Path string `json:"path"`
	// Kind is file, directory, symlink, device, fifo or socket.
	Kind string `json:"kind"`
	// Mode is in octal digits; file systems that have none leave it, UID and GID out.
	Mode string `json:"mode,omitempty"`
	UID  int64  `json:"uid,omitempty"`
	GID  int64  `json:"gid,omitempty"`
	Size int64  `json:"size,omitempty"`
	// SHA256 is that of a file's contents; empty where they could not be read. Target is where a symlink leads.
	SHA256 string `json:"sha256,omitempty"`
	Target string `json:"target,omitempty"`
}

// Source is where images are: an engine.
type Source interface {
	InspectArtifact(ctx context.Context, plan builder.Plan, path string, files bool, out io.Writer) error
}

// maxAnswer is more than is ever said of an image.
const maxAnswer = 1 << 29

// Read looks into an artefact of a plan, by its path in the workspace's containers.
func Read(ctx context.Context, source Source, plan builder.Plan, name, path string, files bool) (Image, error) {
	out := limited{left: maxAnswer}
	if err := source.InspectArtifact(ctx, plan, path, files, &out); err != nil {
		return Image{}, fmt.Errorf("%s: %w", name, err)
	}
	image, err := Parse(out.Bytes())
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w: %w", name, builder.ErrUnreadable, err)
	}
	image.Name = name
	return image, nil
}

// limited is a buffer that takes no more than so much.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(text []byte) (int, error) {
	if l.left -= len(text); l.left < 0 {
		return 0, errors.New("there is too much in it")
	}
	return l.Buffer.Write(text)
}
