// Package progress shows the events of a build to people and to programs: one stream of events, several displays.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/moby/term"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Display shows events. It is used by one goroutine at a time.
type Display interface {
	// Show shows an event.
	Show(builder.Event)
	// Close leaves the output as it is to stay.
	Close()
}

// Modes are the names of the displays. "auto" is "tty" on a terminal, and "plain" elsewhere.
var Modes = []string{"auto", "tty", "plain", "json"}

// New is the display of that name.
func New(mode string, out *os.File) Display {
	size := func() (width, height int) {
		size, err := term.GetWinsize(out.Fd())
		if err != nil || size.Width == 0 {
			return 80, 24
		}
		return int(size.Width), int(size.Height)
	}
	switch {
	case mode == "json":
		return &jsonDisplay{json.NewEncoder(out)}
	case mode == "tty" || mode == "auto" && term.IsTerminal(out.Fd()):
		return newTTY(out, size)
	}
	return &plain{out: out, lines: map[string]*lineBuffer{}}
}

// jsonDisplay writes each event as a line of JSON.
type jsonDisplay struct{ out *json.Encoder }

func (d *jsonDisplay) Show(e builder.Event) { _ = d.out.Encode(e) }
func (d *jsonDisplay) Close()               {}

// plain writes lines that say which step they are of.
type plain struct {
	out io.Writer
	// lines are what came of a line, of each step: several may run side by side.
	lines map[string]*lineBuffer
}

func (d *plain) Show(e builder.Event) {
	switch e.Kind {
	case builder.Noted:
		fmt.Fprintf(d.out, "note: %s\n", Clean(e.Text))
	case builder.Preparing:
		fmt.Fprintf(d.out, "image | %s\n", Clean(e.Text))
	case builder.Skipped:
		fmt.Fprintf(d.out, "%s: %s\n", e.Step, e.Text)
	case builder.Started:
		fmt.Fprintf(d.out, "%s: starting (%s)\n", e.Step, e.Text)
	case builder.Printed:
		if d.lines[e.Step] == nil {
			d.lines[e.Step] = &lineBuffer{}
		}
		d.lines[e.Step].add(e.Text, func(line string) { fmt.Fprintf(d.out, "%s | %s\n", e.Step, Clean(line)) })
	case builder.Stopping:
		fmt.Fprintf(d.out, "%s: %s\n", e.Step, stopping(e))
	case builder.Finished:
		if line := d.lines[e.Step]; line != nil {
			line.flush(func(line string) { fmt.Fprintf(d.out, "%s | %s\n", e.Step, Clean(line)) })
		}
		fmt.Fprintf(d.out, "%s: %s\n", e.Step, ending(*e.Result))
	}
}

func (d *plain) Close() {}

func stopping(e builder.Event) string {
	if e.Text != "" {
		return e.Text
	}
	return "asked to stop; once more to kill it"
}

// ending says how a step ended, and how long it took.
func ending(r builder.Result) string {
	took := Duration(r.Finished.Sub(r.Started))
	switch {
	case r.OOMKilled && r.ExitCode != 0:
		return fmt.Sprintf("out of memory after %s (exit code %d)", took, r.ExitCode)
	case r.Stopped():
		return fmt.Sprintf("stopped after %s (exit code %d)", took, r.ExitCode)
	case r.ExitCode != 0:
		return fmt.Sprintf("failed after %s (exit code %d)", took, r.ExitCode)
	}
	return "done in " + took
}

// Duration is a time span for people: 0.4s, 12s, 3m05s, 2h07m.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
