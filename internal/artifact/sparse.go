package artifact

import (
	"bytes"
	"io"
	"os"
)

// page is the least that is left out as a hole: what file systems commonly store at least.
const page = 4 << 10

var zeros [page]byte

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

// isZero tells whether a part of a file holds nothing but zeros. What is behind its end does.
func isZero(file *os.File, offset int64, length int) (bool, error) {
	if data, err := nextData(file, offset); err != nil || data >= offset+int64(length) {
		return err == nil, err
	}
	buffer := make([]byte, length)
	n, err := file.ReadAt(buffer, offset)
	if err == io.EOF {
		err = nil
	}
	return len(bytes.Trim(buffer[:n], "\x00")) == 0, err
}
