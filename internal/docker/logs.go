package docker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/coreos-builder/coreos-builder/builder"
)

// follow gives a container's whole output to a function, from its first line on, until the container has ended.
//
// It is read from the engine's log, not from the container: so a client that comes later sees the same as the first,
// and one whose connection ends has lost nothing. When the engine's stream ends the log is read again from the last
// line that came, because an engine may end the stream before it has sent everything.
func (e *Engine) follow(ctx context.Context, id string, output builder.Output) error {
	var at position
	for {
		if err := e.readLog(ctx, id, &at, true, output); err != nil {
			return err
		}
		found, err := e.api.ContainerInspect(ctx, id)
		if err != nil {
			return err
		}
		if !found.State.Running {
			return e.readLog(ctx, id, &at, false, output)
		}
	}
}

// Logs gives what a step's container printed to a function and, with follow, what it prints until it ends.
func (e *Engine) Logs(ctx context.Context, run builder.Run, follow bool, output builder.Output) error {
	var err error
	if follow && run.State == builder.RunRunning {
		err = e.follow(ctx, run.ID, output)
	} else {
		err = e.readLog(ctx, run.ID, &position{}, false, output)
	}
	if err != nil {
		return lost(ctx, "read the log of step "+run.Step, err)
	}
	return nil
}

// position is a place in a log: after so many entries of one moment.
type position struct {
	at    time.Time
	count int
}

// readLog reads a log from a position on, and moves the position.
func (e *Engine) readLog(ctx context.Context, id string, from *position, follow bool, output builder.Output) error {
	options := container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: follow}
	if !from.at.IsZero() {
		options.Since = fmt.Sprintf("%d.%09d", from.at.Unix(), from.at.Nanosecond())
	}
	stream, err := e.api.ContainerLogs(ctx, id, options)
	if err != nil {
		return err
	}
	defer stream.Close()
	known := *from // the engine begins with the entries of that moment, which came before
	err = readEntries(stream, func(at time.Time, text []byte) {
		if at.Equal(known.at) && known.count > 0 {
			known.count--
			return
		}
		if at.Equal(from.at) {
			from.count++
		} else {
			*from = position{at, 1}
		}
		output(at, text)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

const (
	// maxEntry bounds an entry: engines cut lines at 16 KiB.
	maxEntry = 1 << 20
	// stampWidth is the least that a time takes: 2006-01-02T15:04:05Z and a space.
	stampWidth = 21
)

// readEntries reads a log with times, as the engine frames it: for each entry four bytes that tell the stream, four
// that tell the length, and the time, a space and the text. A text has its line end, unless the line goes on in the
// next entry.
func readEntries(stream io.Reader, entry func(time.Time, []byte)) error {
	var header [8]byte
	buffer := make([]byte, 32<<10)
	for {
		if _, err := io.ReadFull(stream, header[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		size := binary.BigEndian.Uint32(header[4:])
		if size > maxEntry {
			return fmt.Errorf("the engine sent a log entry of %d bytes", size)
		}
		if int(size) > len(buffer) {
			buffer = make([]byte, size)
		}
		frame := buffer[:size]
		if _, err := io.ReadFull(stream, frame); err != nil {
			return err
		}
		at, text, err := cutTime(frame)
		if err != nil {
			return err
		}
		entry(at, text)
	}
}

func cutTime(frame []byte) (time.Time, []byte, error) {
	for i, c := range frame {
		if c != ' ' || i+1 < stampWidth {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, string(frame[:i]))
		return at, frame[i+1:], err
	}
	return time.Time{}, nil, errors.New("the engine sent a log entry without a time")
}
