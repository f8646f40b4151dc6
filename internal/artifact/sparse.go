package artifact

import (
	"bytes"
	"errors"
	"io"
	"os"
)

const (
	// page is the least that is left out as a hole: what file systems commonly store at least.
	page = 4 << 10
	// stretch is how much is read at once.
	stretch = 256 << 10
)

var zeros [page]byte

// copySparse copies to a new file, and leaves out every page of zeros: there the file gets a hole.
func copySparse(out *os.File, in io.Reader) (size int64, err error) {
	buffer := make([]byte, stretch)
	for {
		n, err := io.ReadFull(in, buffer)
		if failure := writeData(out, buffer[:n], size); failure != nil {
			return size, failure
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return size, out.Truncate(size)
		}
		if err != nil {
			return size, err
		}
	}
}

// writeData writes the pages of a stretch that hold anything, as few writes as there are runs of them.
func writeData(out *os.File, data []byte, offset int64) error {
	start := 0
	for at := 0; ; at += page {
		end := min(at+page, len(data))
		hole := at < len(data) && bytes.Equal(data[at:end], zeros[:end-at])
		if !hole && at < len(data) {
			continue
		}
		if start < min(at, len(data)) {
			if _, err := out.WriteAt(data[start:min(at, len(data))], offset+int64(start)); err != nil {
				return err
			}
		}
		if at >= len(data) {
			return nil
		}
		start = end
	}
}
