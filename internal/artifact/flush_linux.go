package artifact

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush has the kernel begin to write a part of a file to the disk, so that less is left to wait for in the end.
func flush(file *os.File, offset, length int64) {
	_ = unix.SyncFileRange(int(file.Fd()), offset, length, unix.SYNC_FILE_RANGE_WRITE)
}
