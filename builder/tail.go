package builder

import "strings"

// tail keeps the last lines of a text.
type tail struct {
	kept []string
	open bool
}

func (t *tail) add(text []byte) {
	for line := range strings.Lines(string(text)) {
		if t.open {
			t.kept[len(t.kept)-1] += line
		} else {
			t.kept = append(t.kept, line)
		}
		t.open = !strings.HasSuffix(line, "\n")
	}
	if over := len(t.kept) - lastLines; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
}

func (t *tail) lines() []string {
	lines := make([]string, 0, len(t.kept))
	for _, line := range t.kept {
		lines = append(lines, strings.TrimRight(line, "\r\n"))
	}
	return lines
}
