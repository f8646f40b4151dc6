package compress

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"
)

// The .xz format, https://tukaani.org/xz/xz-file-format.txt, as xz -T writes it: one stream, a block for each chunk, the
// sizes in each block's header, so that xz unpacks on many cores too and finds any place by the index at the end. The
// library packs; the blocks are put together here because its own writer leaves the sizes out.
const (
	xzChunk = 8 << 20
	xzDict  = 8 << 20 // that of xz -6

	xzDictBits    = 22   // how the format says 8 MiB
	xzLZMA2       = 0x21 // the filter's number
	xzBothSizes   = 0xc0 // flags of a block's header: both sizes are there, one filter
	xzCheckCRC64  = 4
	xzCheckLength = 8
)

type xzFormat struct {
	chunk  int
	check  *crc64.Table
	probed sync.Pool // of *bytes.Buffer
	blocks uint64
	index  []byte
}

func newXz(int) (format, error) { return newXzOf(xzChunk), nil }

func newXzOf(chunk int) *xzFormat {
	return &xzFormat{chunk: chunk, check: crc64.MakeTable(crc64.ECMA)}
}

func (x *xzFormat) chunkSize() int { return x.chunk }

func (*xzFormat) head() []byte {
	flags := []byte{0, xzCheckCRC64}
	head := append([]byte("\xfd7zXZ\x00"), flags...)
	return binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(flags))
}

// pack makes a block: header, LZMA2, padding, checksum.
func (x *xzFormat) pack(into, chunk []byte) ([]byte, error) {
	data, err := x.packLZMA2(chunk)
	if err != nil {
		return nil, fmt.Errorf("LZMA2: %w", err)
	}
	header := []byte{0, xzBothSizes}
	header = binary.AppendUvarint(header, uint64(len(data)))
	header = binary.AppendUvarint(header, uint64(len(chunk)))
	header = append(header, xzLZMA2, 1, xzDictBits)
	header = padXz(header)
	header[0] = byte(len(header) / 4) // the checksum counts too, the first four bytes do not
	header = binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(header))

	into = append(into, header...)
	into = padXz(append(into, data...))
	return binary.LittleEndian.AppendUint64(into, crc64.Checksum(chunk, x.check)), nil
}

func (x *xzFormat) packLZMA2(chunk []byte) ([]byte, error) {
	if noise, err := x.isNoise(chunk); err != nil {
		return nil, err
	} else if noise {
		return storeLZMA2(chunk), nil
	}
	var out bytes.Buffer
	packer, err := lzma.Writer2Config{DictCap: xzDict}.NewWriter2(&out)
	if err != nil {
		return nil, err
	}
	if _, err := packer.Write(chunk); err != nil {
		return nil, err
	}
	err = packer.Close()
	return out.Bytes(), err
}

// isNoise tells whether a chunk is packed already: deflate at its fastest gains less than a hundredth. The library takes
// seconds for a megabyte or two of that, and gains nothing either.
func (x *xzFormat) isNoise(chunk []byte) (bool, error) {
	into, ok := x.probed.Get().(*bytes.Buffer)
	if !ok {
		into = &bytes.Buffer{}
	}
	defer x.probed.Put(into)
	into.Reset()
	probe, err := flate.NewWriter(into, flate.BestSpeed)
	if err != nil {
		return false, err
	}
	if _, err := probe.Write(chunk); err != nil {
		return false, err
	}
	err = probe.Close()
	return into.Len() > len(chunk)/100*99, err
}

// storeLZMA2 puts the bytes down as they are, in pieces of at most 64 KiB; the first resets the dictionary.
func storeLZMA2(chunk []byte) []byte {
	const first, further, end = 1, 2, 0
	out := make([]byte, 0, len(chunk)+len(chunk)>>14+4)
	control := byte(first)
	for piece := range slices.Chunk(chunk, 64<<10) {
		out = append(out, control)
		out = binary.BigEndian.AppendUint16(out, uint16(len(piece)-1))
		out = append(out, piece...)
		control = further
	}
	return append(out, end)
}

// add puts a block into the index: its size without padding, which its header tells, and that of the chunk.
func (x *xzFormat) add(chunk, packed []byte) {
	data, _ := binary.Uvarint(packed[2:])
	header := (uint64(packed[0]) + 1) * 4
	x.blocks++
	x.index = binary.AppendUvarint(x.index, header+data+xzCheckLength)
	x.index = binary.AppendUvarint(x.index, uint64(len(chunk)))
}

// tail is the index and the footer.
func (x *xzFormat) tail() []byte {
	index := binary.AppendUvarint([]byte{0}, x.blocks)
	index = padXz(append(index, x.index...))
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(index))

	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	footer = append(footer, 0, xzCheckCRC64)
	tail := binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(footer))
	tail = append(tail, footer...)
	return append(tail, "YZ"...)
}

// padXz adds zeros up to a multiple of four. All that comes before it in a stream is such a multiple.
func padXz(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
