//go:build linux || darwin || freebsd

package artifact

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// nextData is where the next data of a file begins, at an offset or after it. Holes may be called data, never the reverse.
func nextData(file *os.File, offset int64) (int64, error) {
	at, err := unix.Seek(int(file.Fd()), offset, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return math.MaxInt64, nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSUP): // a file system that knows no holes
		return offset, nil
	}
	return at, err
}
