package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"

	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// PartSuffix is added to the name of a file that is not whole yet.
const PartSuffix = ".part"

// filePlace is a file that becomes what another is, with its holes.
type filePlace struct {
	root *os.Root
	file *os.File
	name string
	// held is how many bytes of it were there before.
	held int64
	// dig makes holes of zeros.
	dig bool
	// flushed is up to where the kernel was told to write it to the disk.
	flushed int64
	// whole tells that the file bears its name already, and is looked at only.
	whole bool
}

// openPlace opens the place of a file of which so many bytes are there.
func openPlace(root *os.Root, file File, held int64, dig bool) (*filePlace, error) {
	p := &filePlace{root: root, name: file.Name, held: held, dig: dig}
	if held > 0 {
		if _, err := root.Lstat(file.Name + PartSuffix); errors.Is(err, fs.ErrNotExist) {
			p.whole = true
			p.file, err = root.Open(file.Name)
			return p, err
		}
	}
	mode := os.FileMode(0o666)
	if file.executable {
		mode = 0o777
	}
	var err error
	if p.file, err = openPart(root, file.Name+PartSuffix, held, mode); err != nil {
		return nil, err
	}
	p.held = held / windowSize * windowSize
	return p, p.file.Truncate(p.held)
}

// openPart opens a part that is there, or a new one.
func openPart(root *os.Root, name string, held int64, mode os.FileMode) (*os.File, error) {
	if held > 0 {
		return root.OpenFile(name, os.O_RDWR, 0)
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, mode)
}

func (p *filePlace) read(w *window) error {
	if w.offset()+int64(len(w.data)) > p.held {
		return errStale
	}
	_, err := p.file.ReadAt(w.data, w.offset())
	if err == io.EOF {
		return errStale
	}
	return err
}

func (p *filePlace) write(w *window) error {
	if p.whole {
		return errStale
	}
	for _, run := range w.runs {
		data, offset := w.data[run.offset:run.offset+run.length], w.offset()+int64(run.offset)
		if p.dig {
			if err := writeData(p.file, data, offset); err != nil {
				return err
			}
		} else if _, err := p.file.WriteAt(data, offset); err != nil {
			return err
		}
	}
	if end := w.offset() + int64(len(w.data)); end-p.flushed >= stretch {
		flush(p.file, p.flushed, end-p.flushed)
		p.flushed = end
	}
	return nil
}

// stretch is how much is flushed at once.
const stretch = 16 << 20

func (p *filePlace) zero(offset int64, length int) error {
	if offset >= p.held {
		return nil
	}
	if zero, err := isZero(p.file, offset, length); err != nil || zero {
		return err
	}
	return errStale
}

// finish gives a file that is whole its name, its length and its time, when it is on the disk.
func (p *filePlace) finish(file File) (File, error) {
	defer p.file.Close()
	if p.whole {
		return file, nil
	}
	if err := p.file.Truncate(file.Size); err != nil {
		return file, err
	}
	if err := p.file.Sync(); err != nil {
		return file, err
	}
	return file, settle(p.root, p.name, file)
}

func (p *filePlace) close() { p.file.Close() }

// settle gives a part its time and its name.
func settle(root *os.Root, name string, file File) error {
	if err := root.Chtimes(name+PartSuffix, file.Modified, file.Modified); err != nil {
		return err
	}
	return root.Rename(name+PartSuffix, name)
}

// streamPlace is a file that becomes what another is, compressed.
type streamPlace struct {
	root  *os.Root
	file  *os.File
	name  string
	sum   hash.Hash
	size  int64
	w     io.WriteCloser
	zeros []byte
}

func openStream(root *os.Root, file File, format string, cores int) (*streamPlace, error) {
	p := &streamPlace{root: root, name: file.Name + compress.Extension(format), sum: sha256.New(), zeros: make([]byte, windowSize)}
	var err error
	if p.file, err = openPart(root, p.name+PartSuffix, 0, 0o666); err != nil {
		return nil, err
	}
	p.w, err = compress.NewWriter(io.MultiWriter(p.file, p.sum, (*counter)(&p.size)), format, cores)
	return p, err
}

// counter counts what is written.
type counter int64

func (c *counter) Write(data []byte) (int, error) {
	*c += counter(len(data))
	return len(data), nil
}

func (p *streamPlace) close() {
	_ = p.w.Close()
	p.file.Close()
}

func (p *streamPlace) read(*window) error {
	return errors.New("what comes takes for granted what is not there")
}

func (p *streamPlace) write(w *window) error {
	_, err := p.w.Write(w.data)
	return err
}

func (p *streamPlace) zero(_ int64, length int) error {
	_, err := p.w.Write(p.zeros[:length])
	return err
}

// finish gives a file that is whole its name and its time, when it is on the disk, and returns what it is.
func (p *streamPlace) finish(file File) (File, error) {
	defer p.file.Close()
	if err := p.w.Close(); err != nil {
		return file, err
	}
	if err := p.file.Sync(); err != nil {
		return file, err
	}
	file.Name, file.Size, file.SHA256 = p.name, p.size, hex.EncodeToString(p.sum.Sum(nil))
	return file, settle(p.root, p.name, file)
}
