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
// and one whose connection ends has lost nothing. When the engine's stream ends, or the connection, the log is read again
// from the last line that came; in any case once more at the end, because an engine may end the stream before it has sent
// everything.
func (e *Engine) follow(ctx context.Context, id string, notice func(string), output builder.Output) (builder.Run, error) {
	var at position
	for quiet := shortestQuiet; ; quiet = min(2*quiet, longestQuiet) {
		stream, alive, cancel := e.watch(ctx, min(quiet, e.patience/2))
		failure := e.readLog(stream, id, &at, true, func(at time.Time, text []byte) {
			alive()
			quiet = shortestQuiet
			output(at, text)
		})
		cancel()
		run, err := e.inspectAgain(ctx, id, notice)
		if err != nil {
			return run, err
		}
		if run.State != builder.RunRunning {
			return run, e.readRest(ctx, id, &at, notice, output)
		}
		if failure != nil && !broken(failure) && !errors.Is(failure, context.Canceled) {
			return run, failure
		}
	}
}

// readRest reads what is left of a log, when nothing more comes.
func (e *Engine) readRest(ctx context.Context, id string, at *position, notice func(string), output builder.Output) error {
	for {
		stream, alive, cancel := e.watch(ctx, longestQuiet)
		failure := e.readLog(stream, id, at, false, func(at time.Time, text []byte) {
			alive()
			output(at, text)
		})
		cancel()
		if ctx.Err() != nil || failure == nil || !broken(failure) && !errors.Is(failure, context.Canceled) {
			return failure
		}
		if _, err := e.inspectAgain(ctx, id, notice); err != nil {
			return err
		}
	}
}

// Follow gives all that a run prints to a function, until it ends, and returns how it went.
func (e *Engine) Follow(ctx context.Context, run builder.Run, output builder.Output) (builder.Result, error) {
	ended, err := e.follow(ctx, run.ID, nil, output)
	if err != nil {
		return builder.Result{}, lost(ctx, "follow step "+run.Step+", which goes on without us", err)
	}
	return ended.Result, nil
}

// Logs gives what a step's container printed to a function and, with follow, what it prints until it ends.
func (e *Engine) Logs(ctx context.Context, run builder.Run, follow bool, output builder.Output) error {
	var err error
	if follow && run.State == builder.RunRunning {
		_, err = e.follow(ctx, run.ID, nil, output)
	} else {
		err = e.readRest(ctx, run.ID, &position{}, nil, output)
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
