package provenance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
)

// openPlain opens a plain file of a directory, and nothing else: a pipe could keep the reader waiting for ever, and a link
// leads to what was not asked for.
func openPlain(root *os.Root, name string) (*os.File, os.FileInfo, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%q %w", name, errNotPlain)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return file, info, nil
}

var errNotPlain = errors.New("is not a plain file")

// readPlain reads a file that is not expected to be large.
func readPlain(root *os.Root, name string, limit int64) ([]byte, error) {
	file, _, err := openPlain(root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%q is larger than %d bytes", name, limit)
	}
	return content, err
}

// copyAll reads a file into a hash, until a context ends.
func copyAll(ctx context.Context, out io.Writer, file io.Reader) error {
	_, err := io.Copy(out, stopping{ctx, file})
	return err
}

// stopping is a reader that fails when its context ends.
type stopping struct {
	ctx context.Context
	io.Reader
}

func (s stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// onAllCores does something n times, as many at once as there are processors, and returns when all is done.
func onAllCores(n int, do func(i int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}
