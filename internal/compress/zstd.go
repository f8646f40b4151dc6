package compress

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// The seekable format of zstd: frames as any, and after them a table of their sizes, in a frame that readers skip. See
// contrib/seekable_format/zstd_seekable_compression_format.md of facebook/zstd.
const (
	zstdChunk      = 4 << 20
	skippableMagic = 0x184D2A5E
	seekableMagic  = 0x8F92EAB1
	seekChecksums  = 1 << 7 // the table's entries have checksums
	seekFooter     = 9
)

type zstdFormat struct {
	encoder *zstd.Encoder
	frames  uint32
	table   []byte
}

func newZstd(cores int) (format, error) {
	encoder, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderConcurrency(cores),
		zstd.WithEncoderCRC(true),
		zstd.WithZeroFrames(true),
	)
	return &zstdFormat{encoder: encoder}, err
}

func (*zstdFormat) chunkSize() int { return zstdChunk }
func (*zstdFormat) head() []byte   { return nil }

func (z *zstdFormat) pack(into, chunk []byte) ([]byte, error) {
	return z.encoder.EncodeAll(chunk, into), nil
}

func (z *zstdFormat) add(chunk, packed []byte) {
	z.frames++
	z.table = binary.LittleEndian.AppendUint32(z.table, uint32(len(packed)))
	z.table = binary.LittleEndian.AppendUint32(z.table, uint32(len(chunk)))
	// A frame ends with the checksum that the table wants too.
	z.table = append(z.table, packed[len(packed)-4:]...)
}

func (z *zstdFormat) tail() []byte {
	tail := binary.LittleEndian.AppendUint32(nil, skippableMagic)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(z.table)+seekFooter))
	tail = append(tail, z.table...)
	tail = binary.LittleEndian.AppendUint32(tail, z.frames)
	tail = append(tail, seekChecksums)
	return binary.LittleEndian.AppendUint32(tail, seekableMagic)
}
