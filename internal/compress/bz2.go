package compress

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/dsnet/compress/bzip2"
)

// bz2Chunk fills four blocks of level 9 and leaves room in the last: what cannot be packed at all is a little longer after
// the first step of bzip2, and should not end in a fifth block of a few bytes.
const bz2Chunk = 4*900_000 - 16<<10

// bz2Format writes a stream for each chunk. Readers take streams that follow each other as one.
type bz2Format struct {
	chunk   int
	packers sync.Pool // of *bzip2.Writer
}

func newBz2(int) (format, error) { return &bz2Format{chunk: bz2Chunk}, nil }

func (b *bz2Format) chunkSize() int { return b.chunk }
func (*bz2Format) head() []byte     { return nil }
func (*bz2Format) add(_, _ []byte)  {}
func (*bz2Format) tail() []byte     { return nil }

func (b *bz2Format) pack(into, chunk []byte) ([]byte, error) {
	out := bytes.NewBuffer(into)
	packer, ok := b.packers.Get().(*bzip2.Writer)
	if !ok {
		var err error
		if packer, err = bzip2.NewWriter(out, &bzip2.WriterConfig{Level: bzip2.BestCompression}); err != nil {
			return nil, fmt.Errorf("bzip2: %w", err)
		}
	}
	defer b.packers.Put(packer)
	if err := packer.Reset(out); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	if _, err := packer.Write(chunk); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	if err := packer.Close(); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	return out.Bytes(), nil
}
