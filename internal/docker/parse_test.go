package docker

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

const goodStamp = `step sync
run 0b5e3a5c
started 2026-11-24T07:00:00.000Z
finished 2026-11-24T07:00:09.120Z
after earlier 77
source manifest 4a71b6c8
verifier pbkdf2-sha256-100000:00:11
config {"workspace":"demo"}
definition {"image":"i","commands":[["true"]]}
`

func TestAStampIsReadWhole(t *testing.T) {
	stamp, err := parseStamp(goodStamp)
	if err != nil {
		t.Fatal(err)
	}
	if stamp.Step != "sync" || stamp.Run != "0b5e3a5c" || stamp.After["earlier"] != "77" || stamp.Config.Workspace != "demo" ||
		len(stamp.Sources) != 1 || stamp.Finished.Sub(stamp.Started) != 9120*time.Millisecond || len(stamp.Digest) != 71 {
		t.Errorf("got %+v", stamp)
	}
}

func TestAStampThatIsNotWholeIsNone(t *testing.T) {
	lines := strings.SplitAfter(goodStamp, "\n")
	for i, line := range lines[:len(lines)-1] {
		key, _, _ := strings.Cut(line, " ")
		switch key {
		case "after", "source", "verifier", "config", "started": // a stamp can do without
		default:
			if _, err := parseStamp(strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")); err == nil {
				t.Errorf("without %s it is taken for whole", key)
			}
		}
		broken := map[string]string{"config": "config {", "definition": "definition {", "finished": "finished now", "after": "after x", "source": "source x"}
		if text, ok := broken[key]; ok {
			if _, err := parseStamp(strings.Replace(goodStamp, line, text+"\n", 1)); err == nil {
				t.Errorf("with %q it is taken for whole", text)
			}
		}
	}
	if _, err := parseStamp(goodStamp + "more 1\n"); err == nil {
		t.Error("a line of another version is passed over")
	}
}

func TestOneBadStampDoesNotHideTheOthers(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, text := range map[string]string{
		"steps/sync.stamp": goodStamp, "steps/sdk.stamp": goodStamp, "steps/half.stamp": "step half\n", "steps/build_image.unfinished": "",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	workspace := builder.Workspace{Stamps: map[string]builder.Stamp{}, Unfinished: map[string]bool{}}
	if err := readSteps(&archive, &workspace); err != nil {
		t.Fatal(err)
	}
	if _, ok := workspace.Stamps["sync"]; !ok || len(workspace.Stamps) != 1 || !workspace.Unfinished["build_image"] {
		t.Errorf("got %+v", workspace)
	}
}

func FuzzParseStamp(f *testing.F) {
	f.Add(goodStamp)
	f.Fuzz(func(t *testing.T, text string) {
		if stamp, err := parseStamp(text); err == nil && (stamp.Step == "" || len(stamp.Digest) != 71 || stamp.Finished.IsZero()) {
			t.Errorf("half a stamp is taken for whole: %+v", stamp)
		}
	})
}

// logEntry is an entry of a log as an engine sends it.
func logEntry(text string) []byte {
	frame := append([]byte{1, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	return append(frame, text...)
}

func FuzzReadEntries(f *testing.F) {
	f.Add(append(logEntry("2026-11-24T07:00:00Z hello\n"), logEntry("2026-11-24T07:00:00.123456789Z a line without an end")...))
	f.Add(logEntry("no time"))
	f.Add([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		size := 0
		_ = readEntries(bytes.NewReader(stream), func(_ time.Time, text []byte) { size += len(text) })
		if size > len(stream) {
			t.Errorf("%d bytes came out of %d", size, len(stream))
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, word := range []string{"plain", "", "it's", "$(reboot)", "a\nb", `\`, "-n", "~", "*"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.Contains(word, "\x00") {
			t.Skip("no word of a command line can hold a zero byte")
		}
		out, err := exec.Command("sh", "-c", "printf %s "+Quote(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q is read back as %q (%v)", word, out, err)
		}
	})
}
