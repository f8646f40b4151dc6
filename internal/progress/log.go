package progress

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// Log writes the log of one step: as the step printed it or, for a terminal, line by line without anything that the
// terminal would act on.
type Log struct {
	Out      io.Writer
	Terminal bool
	// Times puts before each line when it came.
	Times bool
	line  lineBuffer
	open  bool
}

// Print writes a part of the log.
func (l *Log) Print(at time.Time, text []byte) {
	if l.Terminal {
		l.line.add(string(text), func(line string) { l.write(at, []byte(Clean(line)+"\n")) })
		return
	}
	l.write(at, text)
}

func (l *Log) write(at time.Time, text []byte) {
	if l.Times && !l.open {
		fmt.Fprint(l.Out, at.Local().Format("2006-01-02T15:04:05.000 "))
	}
	l.open = !bytes.HasSuffix(text, []byte("\n"))
	_, _ = l.Out.Write(text)
}

// Close writes the last line, if it has no end.
func (l *Log) Close() {
	l.line.flush(func(line string) { l.write(time.Now(), []byte(Clean(line)+"\n")) })
}
