package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// whole takes a file without holes, every byte of it, to its place.
func (g *getting) whole(ctx context.Context, file File, to place, came func(lately, held int64)) error {
	in, size, err := g.source.Whole(ctx, g.plan, file.Name)
	if err != nil {
		return err
	}
	defer in.Close()
	if size != file.Size {
		return fmt.Errorf("%q has %d bytes, and had %d: it was changed while it was fetched", file.Name, size, file.Size)
	}
	sum, err := receiveWhole(in, size, to, came)
	if err == nil && sum != file.SHA256 {
		err = fmt.Errorf("%q is damaged: it is not what its build made, or did not come as it is there", file.Name)
	}
	return err
}

// receiveWhole puts a file to its place, and returns its SHA-256, which is taken on another core.
func receiveWhole(in io.Reader, size int64, to place, came func(lately, held int64)) (string, error) {
	sum := sha256.New()
	hashed := make(chan struct{}, 1)
	hashed <- struct{}{}
	var windows [2]window
	for i := range windows {
		windows[i].data = make([]byte, min(windowSize, size))
	}
	for index := int64(0); index*windowSize < size; index++ {
		w := &windows[index%2]
		w.index, w.data = index, w.data[:windowLength(size, index)]
		w.runs = append(w.runs[:0], run{0, len(w.data)})
		if _, err := io.ReadFull(in, w.data); err != nil {
			return "", unexpected(err)
		}
		<-hashed // the other one is free then
		go func() {
			sum.Write(w.data)
			hashed <- struct{}{}
		}()
		if err := to.write(w); err != nil {
			<-hashed
			return "", err
		}
		came(int64(len(w.data)), 0)
	}
	<-hashed
	return hex.EncodeToString(sum.Sum(nil)), nil
}
