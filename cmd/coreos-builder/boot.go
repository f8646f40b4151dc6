package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/machine"
)

type bootCommand struct {
	configFlags `embed:""`
	Artifact    string        `arg:"" optional:"" help:"A format, such as qemu, or the name of an artefact. Default: the first that was built."`
	Check       bool          `env:"-" help:"Wait for a login prompt, then end the machine: exit code 0, or 1 where it did not come."`
	Expect      string        `env:"-" placeholder:"REGEXP" help:"With --check: wait for a line that matches, instead of what the recipe says."`
	Timeout     time.Duration `env:"-" default:"5m" placeholder:"TIME" help:"With --check: how long to wait."`
	SSH         int           `name:"ssh" env:"-" placeholder:"PORT" help:"Publish the machine's port 22 at 127.0.0.1:PORT of the engine's host."`
	SSHKey      string        `name:"ssh-key" env:"-" type:"path" placeholder:"FILE" help:"Let the public keys of this file log in as core."`
	Memory      int           `env:"-" placeholder:"MIB" help:"The machine's memory. Default: what the recipe says."`
	CPUs        int           `name:"cpus" env:"-" placeholder:"N" help:"Its processors. Default: what the recipe says."`
	Emulate     bool          `env:"-" help:"Do without KVM."`
}

func (c *bootCommand) Help() string {
	return `Starts an artefact of a workspace in QEMU, in a container on the engine, with its serial console on this terminal. Ctrl-A X
ends the machine, Ctrl-A C reaches QEMU's monitor, Ctrl-A H lists more. What the machine writes is gone with it; the
artefact is never changed.

Exit codes: 0 the machine ended, or what --check waits for came; 1 it did not; 2 a mistake in what was asked for; 3 the
engine; 130 stopped by Ctrl-C, 143 by SIGTERM.`
}

func (c *bootCommand) Run(ctx context.Context, flags *engineFlags) error {
	options, expect, err := c.options()
	if err != nil {
		return err
	}
	engine, plan, names, err := c.machines(ctx, flags)
	if err != nil {
		return err
	}
	defer engine.Close()
	a, err := machine.Find(plan, c.Artifact, names)
	if err == nil {
		err = c.fits(a)
	}
	if err != nil {
		return err
	}
	if expect == nil {
		expect = regexp.MustCompile(plan.Boot.Expect) // the recipe was checked
	}
	m := docker.Machine{Argv: machine.Command(a, plan.Boot, options), KVM: !c.Emulate,
		GuestPort: machine.GuestPort, HostPort: c.SSH, Client: client()}
	name := path.Base(a.Path)
	if c.SSH > 0 {
		tell(fmt.Sprintf("On the engine's host: ssh -p %d core@127.0.0.1", c.SSH))
	}
	if c.Check || c.Expect != "" {
		return c.check(ctx, name, machine.NewWatch(expect), expect, func(ctx context.Context, terminal docker.Terminal) (int, error) {
			return engine.Boot(ctx, plan, m, terminal, tell)
		})
	}
	return console(ctx, name, func(ctx context.Context, terminal docker.Terminal) (int, error) {
		return engine.Boot(ctx, plan, m, terminal, tell)
	})
}

// options are what the flags say of the machine, and what is waited for where they say that.
func (c *bootCommand) options() (o machine.Options, expect *regexp.Regexp, err error) {
	switch {
	case c.SSH < 0 || c.SSH > 65535:
		return o, nil, &builder.InputError{Option: "ssh", Value: fmt.Sprint(c.SSH), Reason: "is not a port"}
	case c.Memory < 0:
		return o, nil, &builder.InputError{Option: "memory", Value: fmt.Sprint(c.Memory), Reason: "is not a number of MiB"}
	case c.CPUs < 0:
		return o, nil, &builder.InputError{Option: "cpus", Value: fmt.Sprint(c.CPUs), Reason: "is not a number of processors"}
	case c.Timeout <= 0:
		return o, nil, &builder.InputError{Option: "timeout", Value: c.Timeout.String(), Reason: "is not a time to wait"}
	}
	if c.Expect != "" {
		if expect, err = regexp.Compile(c.Expect); err != nil {
			return o, nil, &builder.InputError{Option: "expect", Value: c.Expect, Reason: "is no regular expression: " + err.Error()}
		}
	}
	o = machine.Options{Memory: c.Memory, CPUs: c.CPUs, Emulate: c.Emulate, Once: c.Check || c.Expect != ""}
	if c.SSHKey != "" {
		keys, err := os.ReadFile(c.SSHKey)
		if err != nil {
			return o, nil, &builder.InputError{Option: "ssh-key", Value: c.SSHKey, Reason: "cannot be read: " + builder.Reason(err)}
		}
		if o.UserData, err = machine.UserData(keys); err != nil {
			return o, nil, &builder.InputError{Option: "ssh-key", Value: c.SSHKey, Reason: err.Error()}
		}
	}
	return o, expect, nil
}

// fits refuses what a format cannot do.
func (c *bootCommand) fits(a machine.Artifact) error {
	if c.SSHKey != "" && !a.ConfigDrive {
		return &builder.InputError{Option: "ssh-key", Reason: fmt.Sprintf(
			"is not possible with format %s: the recipe does not say that it takes a config drive", a.Name)}
	}
	if a.Silent != "" && (c.Check || c.Expect != "") {
		return &builder.InputError{Option: "check", Reason: fmt.Sprintf("is not possible with format %s: %s", a.Name, a.Silent)}
	}
	return nil
}

// machines is an engine with the image that has QEMU, a plan whose artefacts are whole, and their names.
func (f *configFlags) machines(ctx context.Context, flags *engineFlags) (*docker.Engine, builder.Plan, []string, error) {
	engine, q, _, err := f.results(ctx, flags, canBoot) // which has the image that artefacts are listed in
	if err != nil {
		return nil, q.plan, nil, err
	}
	err = prepareTools(ctx, engine, q.plan.OnMachines())
	var names []string
	if err == nil {
		var files []artifact.File
		files, err = artifact.List(ctx, engine, q.plan)
		for _, file := range files {
			names = append(names, file.Name)
		}
	}
	if err != nil {
		engine.Close()
		return nil, q.plan, nil, err
	}
	return engine, q.plan, names, nil
}

// canBoot refuses a request whose recipe does not say how its results are booted.
func canBoot(q request) error {
	if q.plan.Boot.Image.Name != "" {
		return nil
	}
	_, err := machine.Find(q.plan, "", nil)
	return err
}

// boot runs a machine with a terminal.
type boot func(context.Context, docker.Terminal) (int, error)

// console connects a machine to this terminal until it ends.
func console(ctx context.Context, name string, boot boot) error {
	fmt.Fprintf(os.Stderr, "The console of %s. Ctrl-A X ends the machine.\n", name)
	signals := listen()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		<-signals.requests
		cancel()
	}()
	terminal, restore, err := openTerminal()
	if err != nil {
		return err
	}
	if terminal.Size != nil {
		terminal.Err = &returning{terminal.Err}
	}
	code, err := boot(ctx, terminal)
	restore()
	switch {
	case errors.Is(err, context.Canceled):
		return signals.name(&builder.StoppedError{})
	case err != nil:
		return err
	case code != 0:
		return &bootError{text: fmt.Sprintf("the machine of %s ended with exit code %d", name, code)}
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

// returning writes to a terminal in raw mode, where a line's end does not return to its beginning.
type returning struct{ out io.Writer }

func (r *returning) Write(text []byte) (int, error) {
	for _, b := range text {
		line := []byte{b}
		if b == '\n' {
			line = []byte("\r\n")
		}
		if _, err := r.out.Write(line); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}
