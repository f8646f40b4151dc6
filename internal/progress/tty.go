package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// tty shows a line for each step that is over and, below them, the step that runs with the last lines that it printed.
// Only what is below is ever drawn again.
type tty struct {
	mutex sync.Mutex
	out   io.Writer
	size  func() (width, height int)
	// drawn is how many lines of the changing part are on the screen.
	drawn int
	step  string
	since time.Time
	note  string
	line  lineBuffer
	last  []string
	stop  chan struct{}
	done  chan struct{}
}

const (
	// window is how many of a step's last lines are shown, where there is room.
	window = 8
	// frame is how often the changing part is drawn.
	frame = 100 * time.Millisecond
)

func newTTY(out io.Writer, size func() (width, height int)) *tty {
	d := &tty{out: out, size: size, stop: make(chan struct{}), done: make(chan struct{})}
	go d.redraw()
	return d
}

// redraw draws the changing part over and over, because its clock goes on and its lines come faster than one reads.
func (d *tty) redraw() {
	defer close(d.done)
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-d.stop:
			return
		case now := <-ticker.C:
			d.mutex.Lock()
			d.draw(now)
			d.mutex.Unlock()
		}
	}
}

func (d *tty) Show(e builder.Event) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	switch e.Kind {
	case builder.Noted:
		d.print("\x1b[33m!\x1b[0m", "note", Clean(e.Text))
	case builder.Preparing:
		d.begin("builder image", e.Time, "")
		d.add(e.Text)
	case builder.Started:
		d.settle(e.Time)
		d.begin(e.Step, e.Time, e.Text)
	case builder.Printed:
		d.line.add(e.Text, d.add)
	case builder.Stopping:
		d.note = stopping(e)
	case builder.Skipped:
		d.settle(e.Time)
		d.print("\x1b[32m✔\x1b[0m", e.Step, e.Text)
	case builder.Finished:
		sign := "\x1b[32m✔\x1b[0m"
		if e.Result.ExitCode != 0 {
			sign = "\x1b[31m✘\x1b[0m"
		}
		d.step = ""
		d.settle(e.Time)
		d.print(sign, e.Step, ending(*e.Result))
	}
}

func (d *tty) Close() {
	close(d.stop)
	<-d.done
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.erase()
}

// begin makes a step the one that runs.
func (d *tty) begin(step string, since time.Time, note string) {
	if d.step != step {
		d.step, d.since, d.note, d.last = step, since, note, nil
	}
}

// settle ends the step that runs, if it did not say how: an image that was built.
func (d *tty) settle(at time.Time) {
	if d.step != "" {
		name, took := d.step, at.Sub(d.since)
		d.step = ""
		d.print("\x1b[32m✔\x1b[0m", name, "done in "+Duration(took))
	}
	d.last = nil
}

func (d *tty) add(line string) {
	d.last = append(d.last, Clean(line))
	if over := len(d.last) - window; over > 0 {
		d.last = append(d.last[:0], d.last[over:]...)
	}
}

// print writes a line that stays, above the changing part.
func (d *tty) print(sign, step, text string) {
	d.erase()
	fmt.Fprintf(d.out, "%s %-24s %s\n", sign, step, text)
}

func (d *tty) erase() {
	if d.drawn > 0 {
		fmt.Fprintf(d.out, "\x1b[%dA\x1b[J", d.drawn)
		d.drawn = 0
	}
}

func (d *tty) draw(now time.Time) {
	if d.step == "" {
		return
	}
	width, height := d.size()
	lines := []string{fit(fmt.Sprintf("▸ %-24s %s  %s", d.step, Duration(now.Sub(d.since)), d.note), width)}
	room := min(len(d.last), window, max(height-3, 0))
	for _, line := range d.last[len(d.last)-room:] {
		lines = append(lines, "\x1b[2m"+fit("  "+line, width)+"\x1b[0m")
	}
	d.erase()
	fmt.Fprint(d.out, strings.Join(lines, "\n")+"\n")
	d.drawn = len(lines)
}
