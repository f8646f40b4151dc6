// Package compress packs big streams on many cores: images of disks, which are mostly zeros.
//
// A stream is cut into chunks of a size that its format fixes, each is packed on its own, and they are written in order. So
// the same input gives the same bytes, however many cores work on it and however it was cut into writes, as long as it is the
// same build of this program. Nothing else goes in: no time, no name. A chunk of nothing but zeros is packed once and then
// written again and again.
package compress

import (
	"fmt"
	"io"
	"strings"
)

// kind is one of the formats there are.
type kind struct {
	name, extension string
	open            func(cores int) (format, error)
}

func kinds() []kind {
	return []kind{
		{"zstd", ".zst", newZstd},
		{"xz", ".xz", newXz},
		{"gz", ".gz", newGz},
		{"bz2", ".bz2", newBz2},
	}
}

// Formats are the names of the formats, in the order of help: the one to take if nothing speaks against it comes first.
//
//	zstd  level 3, frames of 4 MiB with a seek table; what zstd packs at its default
//	xz    dictionary of 8 MiB, as xz -6 has, in blocks of 8 MiB; packs tightest, and takes longest
//	gz    as tight as gzip -6, in one member, so that every reader of gzip reads it to its end
//	bz2   level 9, a stream for each 3.6 MB, as lbzip2 and pbzip2 do it; what upstream publishes
func Formats() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Extension is what the name of a file of this format ends in, dot and all; of none that there is, it is empty.
func Extension(format string) string {
	for _, k := range kinds() {
		if k.name == format {
			return k.extension
		}
	}
	return ""
}

// NewWriter packs what is written to it, on so many cores, at least one, and writes that to w. Close ends the stream and
// says what went wrong with any of it; it does not close w. Whoever gives up before the end still has to close.
//
// When a write to w fails, all work ends, and that error is what each later Write, and Close, returns.
//
// Memory is bounded: at most 2×cores+1 chunks and as many packed ones are held at a time, and for each core what its packer
// needs, which for xz is several times its dictionary.
func NewWriter(w io.Writer, format string, cores int) (io.WriteCloser, error) {
	for _, k := range kinds() {
		if k.name != format {
			continue
		}
		cores = max(cores, 1)
		f, err := k.open(cores)
		if err != nil {
			return nil, fmt.Errorf("compress as %s: %w", format, err)
		}
		return newStream(w, f, cores), nil
	}
	return nil, fmt.Errorf("there is no compression %q; there are %s", format, strings.Join(Formats(), ", "))
}
