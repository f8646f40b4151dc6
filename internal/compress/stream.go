package compress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
)

// format is what sets one kind of packed stream apart from the others. Only pack is called by several goroutines at once.
type format interface {
	// chunkSize is that of every chunk but the last.
	chunkSize() int
	// head is what a stream begins with.
	head() []byte
	// pack appends a chunk's packed form to into. The same chunk gives the same bytes.
	pack(into, chunk []byte) ([]byte, error)
	// add takes note of a chunk and its packed form, in the stream's order, for the tail.
	add(chunk, packed []byte)
	// tail is what a stream ends with.
	tail() []byte
}

// job is a chunk on its way. Whoever packs it says that it is done; whoever writes it puts it back among the spare ones.
type job struct {
	chunk, packed []byte
	done          chan error
	zeros         bool
}

// stream cuts what is written to it into chunks, has them packed by several cores at once, and writes them in order.
//
// Three things move jobs: the caller, in Write, fills and sends them; a goroutine for each sent job packs it as soon as a
// core is free; one goroutine writes. The spare jobs are what bounds memory: while there is none, Write waits.
type stream struct {
	format format
	out    io.Writer
	filled *job
	sent   bool
	spare  chan *job
	queue  chan *job // in the stream's order
	cores  chan struct{}
	zeros  func() (*job, error)
	all    sync.WaitGroup
	ctx    context.Context // ends when anything fails, with that as its cause
	fail   context.CancelCauseFunc
	closed bool
	err    error // what Close said
}

var errClosed = errors.New("the compressed stream is closed")

func newStream(out io.Writer, f format, cores int) *stream {
	jobs := 2*cores + 1
	s := &stream{
		format: f,
		out:    out,
		spare:  make(chan *job, jobs),
		queue:  make(chan *job, jobs),
		cores:  make(chan struct{}, cores),
	}
	for range jobs {
		s.spare <- &job{done: make(chan error, 1)}
	}
	s.zeros = sync.OnceValues(s.packZeros)
	s.ctx, s.fail = context.WithCancelCause(context.Background())
	s.all.Go(s.write)
	return s
}

func (s *stream) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if err := s.take(); err != nil {
			return written, err
		}
		n := min(len(p), s.format.chunkSize()-len(s.filled.chunk))
		s.filled.chunk = append(s.filled.chunk, p[:n]...)
		p = p[n:]
		written += n
		if len(s.filled.chunk) == s.format.chunkSize() {
			s.send()
		}
	}
	return written, nil
}

// take makes sure that there is a job to fill, and that nothing has failed.
func (s *stream) take() error {
	if err := context.Cause(s.ctx); err != nil || s.filled != nil {
		return err
	}
	select {
	case s.filled = <-s.spare:
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
	if s.filled.chunk == nil {
		s.filled.chunk = make([]byte, 0, s.format.chunkSize())
	}
	s.filled.chunk = s.filled.chunk[:0]
	return nil
}

// send gives the filled job to be packed and written. One of nothing but zeros stays here, to be filled again.
func (s *stream) send() {
	j := s.filled
	if len(j.chunk) == s.format.chunkSize() && isZero(j.chunk) {
		j.chunk = j.chunk[:0]
		j = &job{done: make(chan error, 1), zeros: true}
	} else {
		s.filled = nil
	}
	s.sent = true
	select {
	case s.queue <- j:
		s.all.Go(func() { s.pack(j) })
	case <-s.ctx.Done():
	}
}

// pack packs one job, as soon as a core is free; after a failure none is worth it.
func (s *stream) pack(j *job) {
	if j.zeros {
		zeros, err := s.zeros()
		j.chunk, j.packed = zeros.chunk, zeros.packed
		j.done <- err
		return
	}
	s.cores <- struct{}{}
	defer func() { <-s.cores }()
	err := context.Cause(s.ctx)
	if err == nil {
		j.packed, err = s.format.pack(j.packed[:0], j.chunk)
	}
	j.done <- err
}

// packZeros is the one time that a chunk of zeros is packed.
func (s *stream) packZeros() (*job, error) {
	chunk := make([]byte, s.format.chunkSize())
	packed, err := s.format.pack(nil, chunk)
	return &job{chunk: chunk, packed: packed}, err
}

// write writes the head and every job, in order, until the queue ends or something fails.
func (s *stream) write() {
	if _, err := s.out.Write(s.format.head()); err != nil {
		s.fail(err)
		return
	}
	for j := range s.queue {
		err := <-j.done
		if err == nil {
			s.format.add(j.chunk, j.packed)
			_, err = s.out.Write(j.packed)
		}
		if err != nil {
			s.fail(err)
			return
		}
		if !j.zeros {
			s.spare <- j
		}
	}
}

func (s *stream) Close() error {
	if s.closed {
		return s.err
	}
	s.closed = true
	// What is left is the last chunk. An empty stream is an empty chunk: not all formats can do without any.
	if s.filled != nil && len(s.filled.chunk) > 0 || !s.sent {
		if s.take() == nil {
			s.send()
		}
	}
	close(s.queue)
	s.all.Wait()
	s.err = context.Cause(s.ctx)
	if s.err == nil {
		_, s.err = s.out.Write(s.format.tail())
	}
	s.fail(errClosed)
	return s.err
}

// isZero compares a chunk with itself, moved by a byte: if the first is zero, so is each after it.
func isZero(chunk []byte) bool {
	return chunk[0] == 0 && bytes.Equal(chunk[1:], chunk[:len(chunk)-1])
}
