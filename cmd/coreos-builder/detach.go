package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
)

// detach starts this very command again as a process of its own session, which no terminal can close, and returns when
// a step of it runs, or when it has ended before that. What becomes of it later is seen by status and logs.
func (c *buildCommand) detach(ctx context.Context, engine *docker.Engine, q request) error {
	again, complaints, err := startAgain(q)
	if err != nil {
		return err
	}
	defer complaints.Close()
	ended := make(chan error, 1)
	go func() { ended <- again.Wait() }()
	for ticks := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case err := <-ended:
			text, _ := os.ReadFile(complaints.Name())
			os.Stderr.Write(text)
			if err != nil {
				return &exitError{again.ProcessState.ExitCode()}
			}
			fmt.Println("Every step is up to date.")
			return nil
		case <-ticks.C:
		}
		if w, err := engine.Look(ctx, q.plan.Workspace); err == nil && runsStepOf(w, q.plan) {
			fmt.Printf("The build goes on as process %d.\nFollow it: coreos-builder attach --workspace %s\n", again.Process.Pid, q.plan.Workspace)
			return os.Remove(complaints.Name()) // the process that has it open writes on
		}
	}
}

// detached tells the process that goes on in the background that it is the one.
const detached = "COREOS_BUILDER_DETACHED"

// startAgain starts this command as the one that does not detach. What it complains of goes to a file.
func startAgain(q request) (*exec.Cmd, *os.File, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	complaints, err := os.CreateTemp("", "coreos-builder-*")
	if err != nil {
		return nil, nil, err
	}
	again := exec.Command(program, os.Args[1:]...)
	again.Env = append(os.Environ(), detached+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	again.Stderr = complaints
	again.Stdin = bytes.NewReader(q.secrets["password"]) // for a password that is read from standard input
	return again, complaints, again.Start()
}

// runsStepOf tells whether a step of a plan runs.
func runsStepOf(w builder.Workspace, plan builder.Plan) bool {
	for _, run := range w.Runs {
		if run.State == builder.RunRunning && plan.Has(run) {
			return true
		}
	}
	return false
}
