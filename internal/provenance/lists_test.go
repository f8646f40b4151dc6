package provenance_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// restate changes the provenance, and the checksums with it.
func restate(t *testing.T, directory string, change func(string) string) error {
	t.Helper()
	path, sums := filepath.Join(directory, "provenance.json"), filepath.Join(directory, "SHA256SUMS.build")
	text, err1 := os.ReadFile(path)
	list, err2 := os.ReadFile(sums)
	changed := change(string(text))
	if changed == string(text) {
		t.Fatal("nothing changed")
	}
	return errors.Join(err1, err2, os.WriteFile(path, []byte(changed), 0o644),
		os.WriteFile(sums, []byte(strings.Replace(string(list), hash(string(text)), hash(changed), 1)), 0o644))
}

// copyLine copies the line of a file from one list of checksums to another; move takes it there.
func copyLine(from, to, name string) error {
	line, _, err := cutLine(from, name)
	text, err2 := os.ReadFile(to)
	if errors.Is(err2, os.ErrNotExist) {
		err2 = nil
	}
	return errors.Join(err, err2, os.WriteFile(to, append(text, line...), 0o644))
}

func move(from, to, name string) error {
	_, rest, err := cutLine(from, name)
	return errors.Join(err, copyLine(from, to, name), os.WriteFile(from, []byte(rest), 0o644))
}

func cutLine(list, name string) (line, rest string, err error) {
	text, err := os.ReadFile(list)
	for l := range strings.Lines(string(text)) {
		if strings.HasSuffix(l, "  "+name+"\n") {
			line = l
		} else {
			rest += l
		}
	}
	if line == "" && err == nil {
		err = errors.New(list + " has no " + name)
	}
	return line, rest, err
}
