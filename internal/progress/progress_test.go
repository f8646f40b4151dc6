package progress

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
)

var start = time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)

// events are those of a build that fails.
func events() []builder.Event {
	result := func(code int, took time.Duration) *builder.Result {
		return &builder.Result{ExitCode: code, Started: start, Finished: start.Add(took)}
	}
	killed := result(137, time.Second)
	killed.OOMKilled = true
	return []builder.Event{
		{Kind: builder.Preparing, Time: start, Text: "Step 1/2 : FROM debian"},
		{Kind: builder.Skipped, Time: start.Add(20 * time.Second), Step: "sync", Text: "up to date"},
		{Kind: builder.Started, Time: start, Step: "sdk", Text: "it has never run"},
		{Kind: builder.Printed, Step: "sdk", Text: "Unpack"},
		{Kind: builder.Printed, Step: "sdk", Text: "ing\n10%\r50%\r100%\n\x1b[31mred\x1b[0m\nno end"},
		{Kind: builder.Finished, Step: "sdk", Result: result(0, 75*time.Second)},
		{Kind: builder.Started, Time: start, Step: "build_packages", Text: "an earlier step runs: sdk"},
		{Kind: builder.Stopping, Step: "build_packages"},
		{Kind: builder.Finished, Step: "build_packages", Result: result(143, 2*time.Second)},
		{Kind: builder.Finished, Step: "build_image", Result: result(7, 0)},
		{Kind: builder.Finished, Step: "image_to_vm.qemu", Result: killed},
	}
}

func TestPlainShowsALineForAll(t *testing.T) {
	var out bytes.Buffer
	display := &plain{out: &out, lines: map[string]*lineBuffer{}}
	for _, e := range events() {
		display.Show(e)
	}
	display.Close()
	wanted := `image | Step 1/2 : FROM debian
sync: up to date
sdk: starting (it has never run)
sdk | Unpacking
sdk | 100%
sdk | red
sdk | no end
sdk: done in 1m15s
build_packages: starting (an earlier step runs: sdk)
build_packages: asked to stop; once more to kill it
build_packages: stopped after 2.0s (exit code 143)
build_image: failed after 0.0s (exit code 7)
image_to_vm.qemu: out of memory after 1.0s (exit code 137)
`
	if difference := cmp.Diff(wanted, out.String()); difference != "" {
		t.Error(difference)
	}
}

func TestJSONIsALineForEachEvent(t *testing.T) {
	var out bytes.Buffer
	display := &jsonDisplay{json.NewEncoder(&out)}
	for _, e := range events() {
		display.Show(e)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(events()) {
		t.Fatalf("%d lines for %d events", len(lines), len(events()))
	}
	for i, line := range lines {
		var e builder.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if difference := cmp.Diff(events()[i], e); difference != "" {
			t.Error(difference)
		}
	}
}

// On a terminal a line stays for each step that is over; the lines of the one that runs are drawn below, and go.
func TestTTYLeavesALineForEachStep(t *testing.T) {
	var out bytes.Buffer
	display := &tty{out: &out, size: func() (int, int) { return 40, 10 }, stop: make(chan struct{}), done: make(chan struct{})}
	close(display.done) // it is drawn here, not by a clock
	for _, e := range events()[:5] {
		display.Show(e)
	}
	display.draw(start.Add(9 * time.Second))
	drawn := out.String()
	if !strings.Contains(drawn, "builder image            done in 20s\n") ||
		!strings.Contains(drawn, "▸ sdk                      9.0s  it has…\n") || !strings.Contains(drawn, "  red") || strings.Contains(drawn, "\x1b[31mred") {
		t.Errorf("got %q", drawn)
	}
	out.Reset()
	for _, e := range events()[5:9] {
		display.Show(e)
		display.draw(start)
	}
	display.Close()
	for _, line := range []string{"✔\x1b[0m sdk                      done in 1m15s\n", "✘\x1b[0m build_packages           stopped after 2.0s (exit code 143)\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in %q", line, out.String())
		}
	}
}

// Steps that run side by side have a line each, and their lines say whose they are.
func TestTTYShowsStepsSideBySide(t *testing.T) {
	var out bytes.Buffer
	display := &tty{out: &out, size: func() (int, int) { return 60, 10 }, stop: make(chan struct{}), done: make(chan struct{})}
	close(display.done)
	show := func(kind builder.Kind, step, text string) {
		display.Show(builder.Event{Kind: kind, Time: start, Step: step, Text: text, Result: &builder.Result{Started: start, Finished: start}})
	}
	show(builder.Started, "a", "")
	show(builder.Started, "b", "")
	show(builder.Printed, "a", "half a ")
	show(builder.Printed, "b", "line\n")
	show(builder.Printed, "a", "line\n")
	display.draw(start)
	for _, line := range []string{"▸ a ", "▸ b ", "  b | line\x1b", "  a | half a line\x1b"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in %q", line, out.String())
		}
	}
	out.Reset()
	show(builder.Finished, "a", "")
	display.draw(start)
	if got := out.String(); !strings.Contains(got, "▸ b ") || strings.Contains(got, "▸ a ") {
		t.Errorf("got %q", got)
	}
	display.Close()
}

func TestALogIsAsItWasOrFitForATerminal(t *testing.T) {
	for terminal, wanted := range map[bool]string{false: "a\x1b[31mb\nno end", true: "ab\nno end\n"} {
		var out bytes.Buffer
		log := &Log{Out: &out, Terminal: terminal}
		log.Print(start, []byte("a\x1b[31m"))
		log.Print(start, []byte("b\nno end"))
		log.Close()
		if out.String() != wanted {
			t.Errorf("terminal %v: got %q, want %q", terminal, out.String(), wanted)
		}
	}
	var out bytes.Buffer
	log := &Log{Out: &out, Times: true}
	log.Print(start, []byte("one "))
	log.Print(start, []byte("line\n"))
	if stamp := start.Local().Format("2006-01-02T15:04:05.000 "); out.String() != stamp+"one line\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestDurationsAreShort(t *testing.T) {
	for d, wanted := range map[time.Duration]string{
		-time.Second: "0s", 0: "0.0s", 9900 * time.Millisecond: "9.9s", 59 * time.Second: "59s",
		185 * time.Second: "3m05s", 127 * time.Minute: "2h07m", 50 * time.Hour: "50h00m",
	} {
		if got := Duration(d); got != wanted {
			t.Errorf("%v is %s, want %s", d, got, wanted)
		}
	}
}

func TestALineThatNeverEndsIsCut(t *testing.T) {
	var b lineBuffer
	var lines []string
	for range 10 {
		b.add(strings.Repeat("x", maxLine/4), func(line string) { lines = append(lines, line) })
	}
	if len(lines) != 2 || b.part.Len() > maxLine {
		t.Errorf("%d lines, and %d bytes wait", len(lines), b.part.Len())
	}
}

func FuzzClean(f *testing.F) {
	for _, text := range []string{"plain", "\x1b[2J\x1b[H", "\x1b]0;title\x07x", "a\rb", "\x9b31m", "\xff\xfe", "\u202eevil", "\x1b", "\x1b[", "tab\t"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := Clean(text)
		if !utf8.ValidString(clean) || strings.ContainsFunc(clean, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q is left of %q", clean, text)
		}
		if again := Clean(clean); again != clean {
			t.Errorf("%q is cleaned to %q", clean, again)
		}
	})
}
