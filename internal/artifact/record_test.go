package artifact_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// Steps that run side by side each record what they made, while others write.
func TestDigestsAreRecordedSideBySide(t *testing.T) {
	p := newProgram(t, "python3")
	var steps sync.WaitGroup
	for _, name := range []string{"qemu", "raw", "vmware"} {
		steps.Go(func() {
			image := filepath.Join(p.directory, name)
			for size := range 8 {
				for _, half := range []int{1, 2} {
					if err := os.WriteFile(image+".new", []byte(strings.Repeat(name, half<<(16+size))), 0o644); err != nil {
						t.Error(err)
					}
				}
				if err := os.Rename(image+".new", image); err != nil {
					t.Error(err)
				}
				if said, err := p.command(t.Context(), "record", nil).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, said)
				}
			}
		})
	}
	steps.Wait()
	held, err := artifact.List(t.Context(), p, plan)
	if err != nil || len(held) != 3 {
		t.Fatalf("%v: %v", held, err)
	}
	for _, file := range held {
		content, err := os.ReadFile(filepath.Join(p.directory, file.Name))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(content)); file.SHA256 != want {
			t.Errorf("%s has the digest %q, not %s", file.Name, file.SHA256, want)
		}
	}
}

// What another step is recording already is left to it: a large image would keep all others waiting.
func TestWhoRecordsIsNotWaitedFor(t *testing.T) {
	p := newProgram(t, "python3")
	if err := os.WriteFile(filepath.Join(p.directory, "raw"), []byte("raw"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.sums, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(p.sums, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	claimed := syscall.Flock_t{Type: syscall.F_WRLCK, Start: 1}
	if err := syscall.FcntlFlock(lock.Fd(), syscall.F_SETLK, &claimed); err != nil {
		t.Fatal(err)
	}
	record := func(want bool) {
		if said, err := p.command(t.Context(), "record", nil).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		held, err := artifact.List(t.Context(), p, plan)
		if err != nil || len(held) != 1 || (held[0].SHA256 != "") != want {
			t.Errorf("%v: %v", held, err)
		}
	}
	record(false)
	lock.Close()
	record(true)
}
