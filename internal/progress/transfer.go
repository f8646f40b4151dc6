package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Transfer shows how far a transfer is, on a line of a terminal that is drawn over and over.
type Transfer struct {
	mutex    sync.Mutex
	out      io.Writer
	terminal bool
	began    time.Time
	drawn    time.Time
	first    int64
	came     int64
}

// NewTransfer shows a transfer on out, if that is a terminal.
func NewTransfer(out io.Writer, terminal bool) *Transfer {
	return &Transfer{out: out, terminal: terminal}
}

// Show tells how many bytes have come over a connection, and how many were here already, of how many. With a new connection
// they begin anew.
func (t *Transfer) Show(came, held, of int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	now := time.Now()
	if t.began.IsZero() || came < t.came {
		t.began, t.first = now, came
	}
	t.came = came
	if !t.terminal || now.Sub(t.drawn) < frame {
		return
	}
	t.drawn = now
	fmt.Fprintf(t.out, "\r\x1b[K%s", transferLine(min(came+held, of), of, came-t.first, now.Sub(t.began)))
}

// Clear takes the line away.
func (t *Transfer) Clear() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.terminal && !t.drawn.IsZero() {
		fmt.Fprint(t.out, "\r\x1b[K")
	}
}

// transferLine says how much has come of how much, how fast, and when the rest will be there.
func transferLine(came, of, lately int64, in time.Duration) string {
	text := fmt.Sprintf("%s of %s", Size(came), Size(of))
	if in < time.Second || lately <= 0 {
		return text
	}
	rate := float64(lately) / in.Seconds()
	left := time.Duration(float64(max(of-came, 0)) / rate * float64(time.Second))
	return fmt.Sprintf("%s, %s/s, %s left", text, Size(int64(rate)), left.Round(time.Second))
}

// Size is a size for people, in binary units.
func Size(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
