package machine

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/coreos-builder/coreos-builder/internal/progress"
)

// hopeless are what a console says of a machine that will not come up any more, and what that means.
var hopeless = []struct {
	text    string
	meaning string
}{
	{"Kernel panic", "its kernel panicked"},
	{"No bootable device", "its firmware finds nothing to boot"},                     // SeaBIOS
	{"No bootable option or device was found", "its firmware finds nothing to boot"}, // OVMF
	{"UEFI Interactive Shell", "its firmware finds nothing to boot"},
}

// Verdict is how the wait for a machine ended.
type Verdict struct {
	// Line is the line that was waited for; empty when it did not come.
	Line string
	// Trouble is what the console said instead, in words.
	Trouble string
}

const (
	lastLines = 20
	maxLine   = 4096
)

// Watch is a console that is looked at until a line comes. What is written to it is what the console shows.
type Watch struct {
	expect  *regexp.Regexp
	mutex   sync.Mutex
	part    []byte
	last    []string
	verdict chan Verdict
	decided bool
}

// NewWatch waits for a line of the console, or a part of one that is not ended, that the expression matches. What else is said
// is judged by whole lines.
func NewWatch(expect *regexp.Regexp) *Watch {
	return &Watch{expect: expect, verdict: make(chan Verdict, 1)}
}

// Verdict has the verdict, once there is one.
func (w *Watch) Verdict() <-chan Verdict { return w.verdict }

// Last are the last lines that came, without anything that a terminal would act on.
func (w *Watch) Last() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	lines := w.last
	if line := trimmed(w.part); line != "" {
		lines = append(lines[:len(lines):len(lines)], line)
	}
	return lines[max(0, len(lines)-lastLines):]
}

// Write takes what the console shows. It never fails.
func (w *Watch) Write(shown []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	rest := shown
	for len(rest) > 0 {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		end = min(end, maxLine-len(w.part))
		w.part = append(w.part, rest[:end]...)
		rest = rest[end:]
		if w.part[len(w.part)-1] == '\n' || len(w.part) == maxLine {
			w.line()
		}
	}
	w.judge(progress.Clean(string(w.part)), false)
	return len(shown), nil
}

// line ends the line that is under way.
func (w *Watch) line() {
	if line := trimmed(w.part); line != "" {
		w.judge(progress.Clean(string(w.part)), true)
		w.last = append(w.last, line)
		w.last = w.last[max(0, len(w.last)-lastLines):]
	}
	w.part = w.part[:0]
}

// judge looks whether a line decides, which may be whole or not yet.
func (w *Watch) judge(line string, whole bool) {
	if w.decided || line == "" {
		return
	}
	verdict := Verdict{}
	if w.expect.MatchString(line) {
		verdict.Line = strings.TrimSpace(line)
	}
	for _, h := range hopeless {
		if whole && verdict.Line == "" && strings.Contains(line, h.text) {
			verdict.Trouble = fmt.Sprintf("%s (%q)", h.meaning, strings.TrimSpace(line))
		}
	}
	if verdict != (Verdict{}) {
		w.decided = true
		w.verdict <- verdict
	}
}

// trimmed is a line as a person sees it.
func trimmed(line []byte) string {
	return strings.TrimRight(progress.Clean(string(line)), " ")
}
