package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// said is an image as inspect-image of images/qemu prints it.
type said struct {
	Format     string          `json:"format"`
	Size       int64           `json:"size"`
	FileSize   int64           `json:"file_size"`
	Stored     int64           `json:"stored"`
	Table      string          `json:"table"`
	TableID    string          `json:"table_id"`
	Partitions []saidPartition `json:"partitions"`
	FileSystem *saidFileSystem `json:"file_system"`
}

type saidPartition struct {
	Partition
	FileSystem *saidFileSystem `json:"file_system"`
}

type saidFileSystem struct {
	Type       string `json:"type"`
	Label      string `json:"label"`
	UUID       string `json:"uuid"`
	Size       int64  `json:"size"`
	Used       int64  `json:"used"`
	Unread     string `json:"unread"`
	OSRelease  string `json:"os_release"`
	OEMRelease string `json:"oem_release"`
	OEMConfig  string `json:"oem_config"`
	Files      []File `json:"files"`
}

const (
	maxPartitions = 1024
	maxText       = 1 << 16
	maxName       = 1 << 13
)

// Parse reads what inspect-image prints. What it accepts is in the bounds that Image's comments give.
func Parse(text []byte) (Image, error) {
	var s said
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Image{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Image{}, errors.New("something follows it")
	}
	image := Image{Format: s.Format, Size: s.Size, FileSize: s.FileSize, Stored: s.Stored, Table: s.Table, TableID: s.TableID}
	switch {
	case !word.MatchString(s.Format):
		return image, fmt.Errorf("%.40q is no format", s.Format)
	case s.Table != "" && !word.MatchString(s.Table), len(s.TableID) > 64:
		return image, fmt.Errorf("%.40q is no kind of partition table", s.Table)
	case min(s.Size, s.FileSize, s.Stored) < 0:
		return image, errors.New("a size is less than nothing")
	case len(s.Partitions) > maxPartitions:
		return image, fmt.Errorf("there are %d partitions", len(s.Partitions))
	}
	for _, p := range s.Partitions {
		partition, err := p.check(s.Size)
		if err != nil {
			return image, fmt.Errorf("partition %d: %w", p.Number, err)
		}
		image.Partitions = append(image.Partitions, partition)
	}
	var err error
	image.FileSystem, err = s.FileSystem.check()
	return image, err
}

// word is a name that a tool of ours gives to a kind of thing.
var word = regexp.MustCompile(`^[A-Za-z0-9_.+-]{1,40}$`)

func (p saidPartition) check(disk int64) (Partition, error) {
	partition := p.Partition
	if p.Number < 1 || p.Start < 0 || p.Size < 0 || p.Start > disk {
		return partition, errors.New("it is nowhere on the disk")
	}
	for _, text := range []string{p.Label, p.Type, p.UUID, p.Attributes} {
		if len(text) > 256 {
			return partition, errors.New("a text is too long")
		}
	}
	var err error
	partition.FileSystem, err = p.FileSystem.check()
	return partition, err
}

func (s *saidFileSystem) check() (*FileSystem, error) {
	if s == nil {
		return nil, nil
	}
	fs := &FileSystem{Type: s.Type, Label: s.Label, UUID: s.UUID, Size: s.Size, Used: s.Used, Unread: s.Unread, Files: s.Files}
	switch {
	case !word.MatchString(s.Type):
		return nil, fmt.Errorf("%.40q is no kind of file system", s.Type)
	case len(s.Label) > 1024, len(s.UUID) > 256, len(s.Unread) > 4096:
		return nil, errors.New("a text is too long")
	case s.Used < 0 || s.Size < 0:
		return nil, errors.New("a size is less than nothing")
	case max(len(s.OSRelease), len(s.OEMRelease), len(s.OEMConfig)) > 3*maxText:
		return nil, errors.New("a text is too long")
	}
	fs.release(s)
	last := ""
	for i := range fs.Files {
		if err := fs.Files[i].check(); err != nil {
			return nil, err
		}
		if i > 0 && fs.Files[i].Path <= last {
			return nil, fmt.Errorf("%.200q comes after %.200q", fs.Files[i].Path, last)
		}
		last = fs.Files[i].Path
	}
	return fs, nil
}

// release fills in what a file system says of itself. That it cannot be read is noted, and no reason to say nothing.
func (f *FileSystem) release(s *saidFileSystem) {
	note := func(what string, err error) {
		if err != nil && f.Unread == "" {
			f.Unread = "its " + what + ": " + err.Error()
		}
	}
	var err error
	if s.OSRelease != "" {
		f.OSRelease, err = Release(s.OSRelease)
		note("os-release", err)
	}
	switch {
	case s.OEMRelease != "":
		var values map[string]string
		values, err = Release(s.OEMRelease)
		note("oem-release", err)
		if values["ID"] != "" {
			f.OEM = &OEM{ID: values["ID"], Name: values["NAME"], Version: values["VERSION_ID"]}
		}
	case s.OEMConfig != "":
		f.OEM, err = cloudConfig(s.OEMConfig)
		note("cloud-config.yml", err)
	}
}

var (
	kinds = []string{"file", "directory", "symlink", "device", "fifo", "socket"}
	mode  = regexp.MustCompile(`^[0-7]{4}$`)
	sum   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (f File) check() error {
	switch {
	case !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path || f.Path == "/" || len(f.Path) > 4*maxName,
		strings.Contains(f.Path, "\x00"), !utf8.ValidString(f.Path):
		return fmt.Errorf("%.200q is no path", f.Path)
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("%.200q is of no known kind", f.Path)
	case f.Mode != "" && !mode.MatchString(f.Mode), f.UID < 0, f.GID < 0, f.Size < 0:
		return fmt.Errorf("%.200q has impossible properties", f.Path)
	case f.SHA256 != "" && (f.Kind != "file" || !sum.MatchString(f.SHA256)):
		return fmt.Errorf("%.200q has no good checksum", f.Path)
	case f.Target != "" && f.Kind != "symlink", len(f.Target) > 4*maxName:
		return fmt.Errorf("%.200q leads nowhere", f.Path)
	}
	return nil
}
