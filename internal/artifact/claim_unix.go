//go:build linux || darwin || freebsd

package artifact

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Claim keeps others from taking artefacts to a directory, which is made if it is not there, until release is called, or this
// process ends. That somebody does is a *builder.InputError.
func Claim(directory string) (release func(), err error) {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, err
	}
	claimed, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	// Where the file system knows no locks there is none.
	if errors.Is(unix.Flock(int(claimed.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		claimed.Close()
		return nil, &builder.InputError{Option: "directory", Value: directory,
			Reason: "is one that another coreos-builder fetches to just now: wait for that, or name another"}
	}
	return func() { claimed.Close() }, nil
}
