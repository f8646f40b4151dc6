package progress

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// tty shows a line for each step that is over and, below them, the steps that run with the last lines that they printed.
// Only what is below is ever drawn again.
type tty struct {
	mutex sync.Mutex
	out   io.Writer
	size  func() (width, height int)
	// drawn is how many lines of the changing part are on the screen.
	drawn int
	// running are the steps that run, in the order in which they began; note is what is said of all of them.
	running []*running
	note    string
	last    []string
	stop    chan struct{}
	done    chan struct{}
}

// running is a step that runs.
type running struct {
	step  string
	since time.Time
	note  string
	line  lineBuffer
}

// image is what stands for a step while the builder image is made.
const image = "builder image"

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
		d.begin(image, e.Time, "")
		d.add(e.Text)
	case builder.Started:
		d.settle(e.Time)
		d.begin(e.Step, e.Time, e.Text)
	case builder.Printed:
		if r := d.find(e.Step); r != nil {
			r.line.add(e.Text, func(line string) { d.add(d.prefix(r) + line) })
		}
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
		d.end(e.Step)
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

// begin adds a step to those that run.
func (d *tty) begin(step string, since time.Time, note string) {
	if d.find(step) == nil {
		d.running = append(d.running, &running{step: step, since: since, note: note})
		d.note = ""
	}
}

func (d *tty) find(step string) *running {
	for _, r := range d.running {
		if r.step == step {
			return r
		}
	}
	return nil
}

// end takes a step away, and the last lines with the last one.
func (d *tty) end(step string) {
	d.running = slices.DeleteFunc(d.running, func(r *running) bool { return r.step == step })
	if len(d.running) == 0 {
		d.last = nil
	}
}

// prefix tells of which step a line is, where that is not clear.
func (d *tty) prefix(r *running) string {
	if len(d.running) < 2 {
		return ""
	}
	return r.step + " | "
}

// settle ends the making of the image, which does not say so itself.
func (d *tty) settle(at time.Time) {
	if r := d.find(image); r != nil {
		d.end(image)
		d.print("\x1b[32m✔\x1b[0m", image, "done in "+Duration(at.Sub(r.since)))
	}
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
	if len(d.running) == 0 {
		return
	}
	width, height := d.size()
	var lines []string
	for _, r := range d.running {
		lines = append(lines, fit(fmt.Sprintf("▸ %-24s %s  %s", r.step, Duration(now.Sub(r.since)), cmp.Or(d.note, r.note)), width))
	}
	room := min(len(d.last), window, max(height-2-len(lines), 0))
	for _, line := range d.last[len(d.last)-room:] {
		lines = append(lines, "\x1b[2m"+fit("  "+line, width)+"\x1b[0m")
	}
	d.erase()
	fmt.Fprint(d.out, strings.Join(lines, "\n")+"\n")
	d.drawn = len(lines)
}
