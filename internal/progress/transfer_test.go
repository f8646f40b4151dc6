package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestATransferSaysHowMuchHowFastAndHowLong(t *testing.T) {
	for wanted, line := range map[string]string{
		"0 B of 8.0 GiB": transferLine(0, 8<<30, 0, 0),
		"1.0 GiB of 8.0 GiB, 512.0 MiB/s, 14s left": transferLine(1<<30, 8<<30, 1<<30, 2*time.Second),
		"6.0 GiB of 8.0 GiB, 1.0 GiB/s, 2s left":    transferLine(6<<30, 8<<30, 2<<30, 2*time.Second), // what was there is not counted
		"8.0 GiB of 8.0 GiB, 1.0 GiB/s, 0s left":    transferLine(8<<30, 8<<30, 8<<30, 8*time.Second),
		"9.0 GiB of 8.0 GiB, 1.0 GiB/s, 0s left":    transferLine(9<<30, 8<<30, 8<<30, 8*time.Second),
	} {
		if line != wanted {
			t.Errorf("got %q, want %q", line, wanted)
		}
	}
}

func TestATransferIsShownOnATerminalAlone(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		shown := NewTransfer(&out, terminal)
		shown.Show(0, 1, 2) // what was there is counted
		shown.Show(1, 1, 2) // too soon to be drawn again
		shown.Clear()
		if got := out.String(); terminal != (strings.Count(got, "1 B of 2 B") == 1) || !terminal && got != "" {
			t.Errorf("on a terminal (%v): %q", terminal, got)
		}
	}
}
