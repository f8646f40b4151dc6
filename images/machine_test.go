package images_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brittle is a QEMU whose KVM starts a machine, and then breaks down; what it emulates ends when somebody types.
const brittle = `#!/bin/sh
case "$*" in
  *isa-debug-exit*) exit 33 ;;
  *"-accel kvm"*) echo 'KVM internal error. Suberror: 1' >&2; echo 'EAX=00105300' >&2; exec sleep 600 ;;
  *) echo "emulated, with $*"; read -r typed; echo "typed: $typed"; exit 7 ;;
esac
`

func TestAMachineStartsAgainEmulatedWhenKVMBreaksDown(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	const call = `
import importlib.machinery, importlib.util, os, sys
loader = importlib.machinery.SourceFileLoader("run_machine", sys.argv[1])
loader.exec_module(run := importlib.util.module_from_spec(importlib.util.spec_from_loader("run_machine", loader)))
there = os.path.exists
os.path.exists = lambda path: path == "/dev/kvm" or there(path)
sys.exit(run.main(["--user-data", "me", "--", "qemu-system-x86_64", "-m", "64", "-fsdev", "path={config}"]))`
	machine := exec.Command(python, "-B", "-c", call, filepath.Join("qemu", "run-machine"))
	machine.Env = programs(t, map[string]string{"qemu-system-x86_64": brittle})
	var complaints strings.Builder
	machine.Stderr = &complaints
	console, err1 := machine.StdoutPipe()
	keyboard, err2 := machine.StdinPipe()
	if err := errors.Join(err1, err2, machine.Start()); err != nil {
		t.Fatal(err)
	}
	shown := bufio.NewReader(console)
	first, err := shown.ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "emulated, with -accel tcg,thread=multi -cpu max -m 64 -fsdev path=/var/tmp/") {
		t.Errorf("got %q, %v", first, err)
	}
	fmt.Fprintln(keyboard, "hello")
	rest, err := io.ReadAll(shown)
	if err != nil || string(rest) != "typed: hello\n" {
		t.Errorf("got %q, %v", rest, err)
	}
	var ended *exec.ExitError
	if err := machine.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 7 {
		t.Errorf("it ended with %v", err)
	}
	if want := "KVM broke down under the machine (KVM internal error. Suberror: 1): it is started again, emulated, which takes longer\n"; complaints.String() != want {
		t.Errorf("it said %q", complaints.String())
	}
}
