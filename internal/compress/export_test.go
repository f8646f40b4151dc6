package compress

import "io"

// Chunks smaller than those of NewWriter: under the race detector the libraries pack a few hundred kilobytes a second. That
// of xz is more than one of the pieces that what is stored is cut into, that of bz2 more than one block, and neither a
// multiple.
const (
	SmallXzChunk  = 200_000
	SmallBz2Chunk = 950_000
)

// NewSmallWriter is NewWriter with those; of the other formats it is NewWriter itself.
func NewSmallWriter(w io.Writer, format string, cores int) (io.WriteCloser, error) {
	switch format {
	case "xz":
		return newStream(w, newXzOf(SmallXzChunk), max(cores, 1)), nil
	case "bz2":
		return newStream(w, &bz2Format{chunk: SmallBz2Chunk}, max(cores, 1)), nil
	}
	return NewWriter(w, format, cores)
}
