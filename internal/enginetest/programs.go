package enginetest

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// execute is what step.sh of a real engine does: the same checks, in the same order.
func (f *Fake) execute(w *workspace, p *process, plan builder.Plan, step builder.Step, order builder.Order, inputs map[string]string) int {
	after, ok := f.checkNeeds(w, step, order)
	if !ok {
		f.print(p, "coreos-builder: build again\n")
		return 75
	}
	if order.Disk > freeDisk {
		return 74
	}
	if step.TimeLimit > 0 {
		defer time.AfterFunc(time.Duration(step.TimeLimit)*time.Second, func() { f.end(p, 124) }).Stop()
	}
	f.mutex.Lock()
	delete(w.Stamps, step.Name)
	recover := w.Unfinished[step.Name]
	w.Unfinished[step.Name] = true
	maps.Copy(w.files, inputs)
	f.mutex.Unlock()

	commands := step.Commands
	if recover {
		commands = append(append([][]string{}, step.Recover...), commands...)
	}
	stdin := string(order.Stdin)
	for _, argv := range commands {
		if code := f.command(w, p, argv, &stdin); code != 0 {
			return code
		}
	}
	stamp := builder.Stamp{
		Step: step.Name, Definition: step.Encode(), Digest: step.Digest, After: after, Config: plan.Config,
		Started: p.run.Started, Finished: time.Now(), Verifier: order.Verifier, Run: cmp.Or(order.Run, p.run.ID),
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if step.Sources != nil {
		out, _ := w.program(step.Sources.Synced, "")
		stamp.Sources, _ = builder.ParseRevisions(out)
	}
	w.Stamps[step.Name] = stamp
	delete(w.Unfinished, step.Name)
	return 0
}

// freeDisk is what every fake engine has, in MiB.
const freeDisk = 1 << 20

// checkNeeds are the runs of the steps that a step needs, if they are those that it was planned on.
func (f *Fake) checkNeeds(w *workspace, step builder.Step, order builder.Order) (map[string]string, bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if order.Replaces != "" && order.Replaces != cmp.Or(w.Stamps[step.Name].Run, builder.NoRun) {
		return nil, false
	}
	after := map[string]string{}
	for _, need := range step.Needs {
		run := w.Stamps[need].Run
		if wanted := order.After[need]; run == "" || wanted != "" && wanted != run {
			return nil, false
		}
		after[need] = run
	}
	return after, true
}

// command runs one command to its end, or to the process's.
func (f *Fake) command(w *workspace, p *process, argv []string, stdin *string) int {
	f.print(p, "+ "+strings.Join(argv, " ")+"\n")
	if argv[0] == "sleep" {
		<-p.stopped
		return p.code
	}
	select {
	case <-p.stopped:
		return p.code
	default:
	}
	f.mutex.Lock()
	out, code := w.program(argv, *stdin)
	f.mutex.Unlock()
	if argv[0] == "cat" && len(argv) == 1 {
		*stdin = ""
	}
	for line := range strings.Lines(out) {
		f.print(p, line)
	}
	return code
}

func (f *Fake) print(p *process, text string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	p.log = append(p.log, entry{time.Now(), text})
	f.changed.Broadcast()
}

// program is what a program prints, and its exit code. They are real programs, and do here what those do there; sleep,
// which runs until it is stopped, is not here.
func (w *workspace) program(argv []string, stdin string) (out string, code int) {
	switch argv[0] {
	case "true":
		return "", 0
	case "false":
		return "", 1
	case "echo":
		return strings.Join(argv[1:], " ") + "\n", 0
	case "printf": // of a format without directives
		return strings.NewReplacer(`\n`, "\n").Replace(argv[1]), 0
	case "seq":
		var n int
		fmt.Sscan(argv[1], &n)
		var b strings.Builder
		for i := range n {
			fmt.Fprintln(&b, i+1)
		}
		return b.String(), 0
	case "touch":
		w.files[argv[1]] = ""
		return "", 0
	case "rm": // rm -f FILE
		delete(w.files, argv[2])
		return "", 0
	case "cat":
		if len(argv) == 1 {
			return stdin, 0
		}
		content, ok := w.files[argv[1]]
		if !ok {
			return "cat: no such file\n", 1
		}
		return content, 0
	case "sh": // sh -c "exit N"
		fmt.Sscanf(argv[2], "exit %d", &code)
		return "", code
	}
	return argv[0] + ": not found\n", 127
}
