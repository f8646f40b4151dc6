package compress

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

const (
	gzChunk = 1 << 20
	gzLevel = 7 // of the library: the level that packs as tight as gzip -6, zeros too
)

// gzFormat writes one member. Chunks are deflated without knowing of each other, and each ends at a byte (a sync flush), so
// they can be put one after another, as pigz --independent does. Members of their own would be simpler, but some readers
// stop after the first.
type gzFormat struct {
	packers sync.Pool // of *flate.Writer
	size    uint32    // modulo 2^32, as the format has it
	sum     uint32
}

func newGz(int) (format, error) { return &gzFormat{}, nil }

func (*gzFormat) chunkSize() int { return gzChunk }

// head says deflate, and nothing else: no name, no time, no system.
func (*gzFormat) head() []byte { return []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255} }

func (g *gzFormat) pack(into, chunk []byte) ([]byte, error) {
	out := bytes.NewBuffer(into)
	packer, ok := g.packers.Get().(*flate.Writer)
	if !ok {
		var err error
		if packer, err = flate.NewWriter(out, gzLevel); err != nil {
			return nil, fmt.Errorf("deflate: %w", err)
		}
	}
	defer g.packers.Put(packer)
	packer.Reset(out)
	if _, err := packer.Write(chunk); err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	if err := packer.Flush(); err != nil {
		return nil, fmt.Errorf("deflate: %w", err)
	}
	return out.Bytes(), nil
}

func (g *gzFormat) add(chunk, _ []byte) {
	g.size += uint32(len(chunk))
	g.sum = crc32.Update(g.sum, crc32.IEEETable, chunk)
}

// tail is a last block with nothing in it, the checksum and the size.
func (g *gzFormat) tail() []byte {
	tail := binary.LittleEndian.AppendUint32([]byte{3, 0}, g.sum)
	return binary.LittleEndian.AppendUint32(tail, g.size)
}
