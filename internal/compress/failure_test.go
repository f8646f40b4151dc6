package compress_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// broken takes so many bytes, and no more.
type broken struct{ room int }

var errBroken = errors.New("no space left on device")

func (b *broken) Write(p []byte) (int, error) {
	if b.room -= len(p); b.room < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// A bubble of synctest fails when a goroutine is left in it.
func TestAFailedWriteEndsEverything(t *testing.T) {
	for _, format := range compress.Formats() {
		content := image(3, 2*chunks[format])
		whole := len(pack(t, format, 2, content))
		for _, room := range []int{0, 1, 20, whole / 2, whole - 1} {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, &broken{room}, format, 2)
				w.Write(content)
				for range 2 {
					if err := w.Close(); !errors.Is(err, errBroken) {
						t.Errorf("%s, room for %d: Close = %v", format, room, err)
					}
				}
				if _, err := w.Write([]byte{1}); err == nil {
					t.Error("a write after Close succeeds")
				}
			})
		}
	}
}

func TestAWriterThatIsNeverAskedAgainLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := compress.NewWriter(&broken{100}, "gz", 2)
		if err != nil {
			t.Fatal(err)
		}
		content := make([]byte, 1<<20)
		for range 100 {
			if _, err = w.Write(content); err != nil {
				break
			}
			synctest.Wait()
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("Write = %v", err)
		}
	})
}

func TestAClosedWriterStaysClosed(t *testing.T) {
	w, err := compress.NewWriter(io.Discard, "gz", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("late")); err == nil {
		t.Error("a write after Close succeeds")
	}
}
