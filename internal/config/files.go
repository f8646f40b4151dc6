package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/customize"
)

// Files are the files that file options stand for.
type Files map[string]source

// source is one option's path, and the files that are there. What a customization made is in contents instead.
type source struct {
	path     string
	files    []builder.File
	contents map[string][]byte
}

// maxFile bounds a file that a user brings: they are read into memory.
const maxFile = 256 << 20

// ReadFiles finds the files that the file options of a recipe name, and those of a customization.
func ReadFiles(r builder.Recipe, options map[string][]string, c customize.Customization) (Files, error) {
	found := Files{}
	inputs, err := c.Inputs(r)
	if err != nil {
		return nil, err
	}
	for option, files := range inputs {
		found[option] = made(files)
	}
	for _, option := range r.Options {
		if !option.File || len(options[option.Name]) == 0 {
			continue
		}
		path := options[option.Name][0]
		files, err := list(path)
		if err != nil {
			return nil, &builder.InputError{Option: option.Name, Value: path, Reason: "cannot be read: " + reason(err)}
		}
		if len(files) == 0 {
			return nil, &builder.InputError{Option: option.Name, Value: path, Reason: "holds no files"}
		}
		found[option.Name] = source{path: path, files: files}
	}
	return found, nil
}

// made are files that are in memory.
func made(inputs []customize.Input) source {
	s := source{contents: map[string][]byte{}}
	for _, input := range inputs {
		sum := sha256.Sum256(input.Content)
		s.files = append(s.files, builder.File{Name: input.Name, SHA256: hex.EncodeToString(sum[:]), Executable: input.Executable})
		s.contents[input.Name] = input.Content
	}
	return s
}

func reason(err error) string {
	if path, ok := err.(*fs.PathError); ok {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}

// list is the file of a path or, of a directory, every file below it, by name.
func list(path string) ([]builder.File, error) {
	var files []builder.File
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := describe(name)
		if err != nil {
			return err
		}
		if name != path {
			relative, err := filepath.Rel(path, name)
			if err != nil {
				return err
			}
			file.Name = filepath.ToSlash(relative)
		}
		files = append(files, file)
		return nil
	})
	return files, err
}

func describe(name string) (builder.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return builder.File{}, err
	}
	if !info.Mode().IsRegular() {
		return builder.File{}, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if info.Size() > maxFile {
		return builder.File{}, &builder.InputError{Option: "file", Value: name, Reason: "is larger than 256 MiB"}
	}
	content, err := os.Open(name)
	if err != nil {
		return builder.File{}, err
	}
	defer content.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return builder.File{}, err
	}
	return builder.File{SHA256: hex.EncodeToString(sum.Sum(nil)), Executable: info.Mode()&0o111 != 0}, nil
}

// Add adds a file option whose file is in memory.
func (f Files) Add(option string, content []byte) {
	f[option] = made([]customize.Input{{Content: content}})
}

// Lists are the files of each option, as a builder.Config wants them.
func (f Files) Lists() map[string][]builder.File {
	lists := map[string][]builder.File{}
	for option, source := range f {
		lists[option] = source.files
	}
	return lists
}

// Open opens a file of an option.
func (f Files) Open(option string, file builder.File) (io.ReadCloser, error) {
	if content, ok := f[option].contents[file.Name]; ok {
		return io.NopCloser(bytes.NewReader(content)), nil
	}
	return os.Open(filepath.Join(f[option].path, filepath.FromSlash(file.Name)))
}
