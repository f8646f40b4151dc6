package progress

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineBuffer puts lines together that come in parts.
type lineBuffer struct{ part strings.Builder }

// maxLine bounds a line that never ends.
const maxLine = 64 << 10

func (b *lineBuffer) add(text string, line func(string)) {
	for piece := range strings.Lines(text) {
		b.part.WriteString(piece)
		if strings.HasSuffix(piece, "\n") || b.part.Len() > maxLine {
			b.flush(line)
		}
	}
}

func (b *lineBuffer) flush(line func(string)) {
	if b.part.Len() > 0 {
		line(strings.TrimRight(b.part.String(), "\r\n"))
		b.part.Reset()
	}
}

// Clean is a line without anything that a terminal would act on: escape sequences are left out as a whole, other
// control characters and broken UTF-8 are replaced. Of a line that was overwritten, only the last state is left.
func Clean(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	var b strings.Builder
	for len(line) > 0 {
		if n := escape(line); n > 0 {
			line = line[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(line)
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == utf8.RuneError && n == 1, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			b.WriteRune('\uFFFD')
		default:
			b.WriteString(line[:n])
		}
		line = line[n:]
	}
	return b.String()
}

// escape is the length of the terminal escape sequence that a text begins with, and 0 when there is none: ESC and one
// character, a control sequence up to its final character, or a string up to its end.
func escape(text string) int {
	if text[0] != 0x1b {
		return 0
	}
	if len(text) == 1 {
		return 1
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7e {
				return i + 1
			}
		}
		return len(text)
	case ']', 'P', 'X', '^', '_':
		for i := 2; i < len(text); i++ {
			if text[i] == 0x07 {
				return i + 1
			}
			if text[i] == 0x1b && i+1 < len(text) && text[i+1] == '\\' {
				return i + 2
			}
		}
		return len(text)
	}
	return 2
}

// fit cuts a line to a width, counted in characters.
func fit(line string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	runes := []rune(line)
	return string(runes[:max(width-1, 0)]) + "…"
}
