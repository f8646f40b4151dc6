package progress

import (
	"os"
	"path/filepath"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Keep is a display that also writes what each step prints to a file of its own, STEP.log in a directory, with the time
// of every line. The directory is made if it is not there.
func Keep(display Display, directory string) (Display, error) {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, err
	}
	return &keeper{Display: display, root: root, logs: map[string]*keptLog{}}, nil
}

type keeper struct {
	Display
	root *os.Root
	// logs are those of the steps that run.
	logs map[string]*keptLog
}

type keptLog struct {
	Log
	file *os.File
}

func (k *keeper) Show(e builder.Event) {
	k.Display.Show(e)
	switch e.Kind {
	case builder.Started:
		k.open(e.Step)
	case builder.Printed:
		if log := k.logs[e.Step]; log != nil {
			log.Print(e.Time, []byte(e.Text))
		}
	case builder.Finished:
		k.end(e.Step)
	}
}

// open begins the file of a step. That it cannot be written costs the file, not the build.
func (k *keeper) open(step string) {
	k.end(step)
	file, err := k.root.Create(filepath.Base(step) + ".log")
	if err != nil {
		k.Display.Show(builder.Event{Kind: builder.Noted, Step: step, Text: "its log is not written to a file: " + err.Error()})
		return
	}
	k.logs[step] = &keptLog{Log{Out: file, Times: true}, file}
}

func (k *keeper) end(step string) {
	if log := k.logs[step]; log != nil {
		log.Close()
		_ = log.file.Close()
		delete(k.logs, step)
	}
}

func (k *keeper) Close() {
	for step := range k.logs {
		k.end(step)
	}
	_ = k.root.Close()
	k.Display.Close()
}
