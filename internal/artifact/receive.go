package artifact

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// errStale is what there is to say of a file that is there and is not what it was taken for.
var errStale = errors.New("what is there is of another file")

// place is where a file's windows go, in order. Those that are not written are zero.
type place interface {
	// read reads a window that is there already.
	read(w *window) error
	write(w *window) error
	// zero makes a window zero that does not come.
	zero(offset int64, length int) error
}

// ahead is how many windows are under way at once: read, checked on another core, and written.
const ahead = 8

// arrival is a window that is on its way to its place, or the end of the file.
type arrival struct {
	*window
	sum     chan [sha256.Size]byte
	trailer *trailer
	err     error
}

// receive puts a file that comes to its place, and returns its SHA-256. Every byte is seen to be what it was in the
// workspace: windows by their own digests, the file by the digest of these, which the workspace kept with its SHA-256.
func receive(in *bufio.Reader, file File, to place, came func(lately, held int64)) (sum string, err error) {
	arrivals := make(chan arrival, ahead)
	free := make(chan *window, ahead)
	for range ahead {
		free <- &window{data: make([]byte, min(windowSize, file.Size))}
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		readWindows(&wire{in: in, size: file.Size}, to, arrivals, free, done)
	}()
	defer func() { close(done); <-ended }()

	c := newContent(file.Size)
	for a := range arrivals {
		if a.err != nil {
			return "", a.err
		}
		if a.trailer != nil {
			return c.end(file, to, *a.trailer)
		}
		if err := c.window(a, to); err != nil {
			return "", err
		}
		if a.held {
			came(0, int64(len(a.data)))
		}
		for _, run := range a.runs {
			came(int64(run.length), 0)
		}
		free <- a.window
	}
	return "", errors.New("unreachable")
}

// readWindows reads a file's windows until its end, or an error.
func readWindows(r *wire, to place, arrivals chan<- arrival, free <-chan *window, done <-chan struct{}) {
	for {
		var w *window
		select {
		case w = <-free:
		case <-done:
			return
		}
		t, err := r.read(w)
		a := arrival{window: w, sum: make(chan [sha256.Size]byte, 1), trailer: t, err: err}
		if err == nil && t == nil {
			if w.held {
				a.err = to.read(w)
			}
			go func() { a.sum <- sha256.Sum256(w.data) }()
		}
		arrivals <- a // there is room for every window
		if a.err != nil || a.trailer != nil {
			return
		}
	}
}

// content is the digest of a file's contents, as it comes.
type content struct {
	digest hash.Hash
	next   int64
	size   int64
	zero   [sha256.Size]byte
}

func newContent(size int64) *content {
	return &content{digest: sha256.New(), size: size, zero: sha256.Sum256(make([]byte, windowSize))}
}

// window checks a window, and writes it.
func (c *content) window(a arrival, to place) error {
	if err := c.zeros(a.index, to); err != nil {
		return err
	}
	if sum := <-a.sum; sum != a.digest {
		if a.held {
			return errStale
		}
		return fmt.Errorf("the window at %d is damaged: it is not what its build made, or did not come as it is there", a.offset())
	}
	c.digest.Write(a.digest[:])
	c.next = a.index + 1
	if a.held {
		return nil
	}
	return to.write(a.window)
}

// zeros makes all windows up to an index zero.
func (c *content) zeros(until int64, to place) error {
	for ; c.next < until; c.next++ {
		length := windowLength(c.size, c.next)
		sum := c.zero
		if length < windowSize {
			sum = sha256.Sum256(make([]byte, length))
		}
		if err := to.zero(c.next*windowSize, length); err != nil {
			return err
		}
		c.digest.Write(sum[:])
	}
	return nil
}

func (c *content) end(file File, to place, t trailer) (string, error) {
	if err := c.zeros((c.size+windowSize-1)/windowSize, to); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(t.sha256[:])
	if [sha256.Size]byte(c.digest.Sum(nil)) != t.content || file.SHA256 != "" && file.SHA256 != sum {
		return "", fmt.Errorf("%q did not come as it is in the workspace", file.Name)
	}
	return sum, nil
}
