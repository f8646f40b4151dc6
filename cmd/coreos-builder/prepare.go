package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

// tell says something that is not the result.
func tell(line string) { fmt.Fprintln(os.Stderr, line) }

// prepareTools sees to the image that a plan's tools run in.
func prepareTools(ctx context.Context, engine *docker.Engine, plan builder.Plan) error {
	return preparing(func(progress func(string)) error { return engine.PrepareTools(ctx, plan, progress) })
}

// preparing does something that may have to make an image first, which is shown as a build shows it.
func preparing(do func(progress func(line string)) error) error {
	display := progress.New("auto", os.Stderr)
	defer display.Close()
	return do(func(line string) { display.Show(prepared(line)) })
}

// prepared is a line that came while an image was made.
func prepared(line string) builder.Event {
	return builder.Event{Kind: builder.Preparing, Time: time.Now(), Text: line}
}
