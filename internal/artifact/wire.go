package artifact

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// windowSize is how much of a file comes, and is checked, at once.
const windowSize = 1 << 20

// window is a part of a file: its index times windowSize is where it begins.
type window struct {
	index  int64
	digest [sha256.Size]byte
	// held tells that the receiver has it already. Otherwise data is all of it, of which runs are no holes.
	held bool
	runs []run
	data []byte
}

type run struct {
	offset, length int
}

func (w *window) offset() int64 { return w.index * windowSize }

// windowLength is the length of a file's window.
func windowLength(size, index int64) int { return int(min(windowSize, size-index*windowSize)) }

// trailer is what comes after a file's windows.
type trailer struct {
	content, sha256 [sha256.Size]byte
}

// wire reads what send-artifacts sends of a file of some size. It trusts nothing.
type wire struct {
	in   *bufio.Reader
	size int64
	next int64 // the lowest index that the next window can have
}

// errWhole is what comes in place of a file without holes: it is to be taken whole, by the engine's own means.
var errWhole = errors.New("the file is to be taken whole")

// read reads the next window into w, whose data has the capacity for it, or the trailer.
func (r *wire) read(w *window) (*trailer, error) {
	kind, err := r.in.ReadByte()
	if err != nil {
		return nil, unexpected(err)
	}
	switch kind {
	case 'e':
		var t trailer
		if _, err := io.ReadFull(r.in, t.content[:]); err != nil {
			return nil, unexpected(err)
		}
		_, err := io.ReadFull(r.in, t.sha256[:])
		return &t, unexpected(err)
	case 'd':
		if r.next > 0 {
			return nil, errors.New("what comes is in part a file to be taken whole")
		}
		return nil, errWhole
	case 'h', 'w':
		return nil, unexpected(r.readWindow(w, kind == 'h'))
	}
	return nil, fmt.Errorf("what comes is no artefact: it holds a %q", kind)
}

func (r *wire) readWindow(w *window, held bool) error {
	var head [4 + sha256.Size]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return err
	}
	w.index = int64(binary.BigEndian.Uint32(head[:]))
	if w.index < r.next || w.index*windowSize >= r.size {
		return fmt.Errorf("the window %d comes after the window %d of a file of %d bytes", w.index, r.next-1, r.size)
	}
	r.next = w.index + 1
	copy(w.digest[:], head[4:])
	w.held, w.data, w.runs = held, w.data[:windowLength(r.size, w.index)], w.runs[:0]
	if held {
		return nil
	}
	if err := r.readRuns(w); err != nil {
		return err
	}
	clear(w.data[:w.runs[0].offset])
	for i, run := range w.runs {
		end := run.offset + run.length
		if _, err := io.ReadFull(r.in, w.data[run.offset:end]); err != nil {
			return err
		}
		until := len(w.data)
		if i+1 < len(w.runs) {
			until = w.runs[i+1].offset
		}
		clear(w.data[end:until])
	}
	return nil
}

func (r *wire) readRuns(w *window) error {
	var word [8]byte
	if _, err := io.ReadFull(r.in, word[:4]); err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(word[:4])
	if count == 0 || count > windowSize {
		return fmt.Errorf("the window %d has %d runs", w.index, count)
	}
	at := int64(0)
	for range count {
		if _, err := io.ReadFull(r.in, word[:]); err != nil {
			return err
		}
		offset, length := int64(binary.BigEndian.Uint32(word[:4])), int64(binary.BigEndian.Uint32(word[4:]))
		if offset < at || length == 0 || offset+length > int64(len(w.data)) {
			return fmt.Errorf("the window %d has a run of %d bytes at %d", w.index, length, offset)
		}
		at = offset + length
		w.runs = append(w.runs, run{int(offset), int(length)})
	}
	return nil
}
