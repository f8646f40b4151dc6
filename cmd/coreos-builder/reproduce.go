package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/inspect"
	"github.com/coreos-builder/coreos-builder/internal/progress"
)

type reproduceCommand struct {
	configFlags `embed:""`
	lockFlags   `embed:""`
	Progress    string `enum:"auto,tty,plain,json" default:"auto" help:"How to show what happens: auto, tty, plain or json."`
	Keep        bool   `env:"-" help:"Leave the second workspace where it is."`
}

func (c *reproduceCommand) Help() string {
	return `Builds twice, in the workspace and in another of its name with -again, which is new, is built from the very revisions that
the first has, and is removed in the end; and compares the results bit by bit. Where they differ it says where: in which
partition, which file, which package.

Exit codes: 0 they are the same, 1 they differ or a step failed, 2 a mistake in what was asked for, 3 the engine.`
}

// again is added to a workspace's name for that of the second build.
const again = "-again"

func (c *reproduceCommand) Run(ctx context.Context, flags *engineFlags) error {
	build := buildCommand{configFlags: c.configFlags, lockFlags: c.lockFlags, Progress: c.Progress, Retries: 2}
	q, l, err := c.lockFlags.request(&c.configFlags)
	if err == nil {
		err = build.checkPlaces()
	}
	if err != nil {
		return err
	}
	second := q
	second.plan.Workspace += again
	engine, err := flags.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := q.checkRecipe(ctx, engine); err != nil {
		return err
	}
	if err := checkNew(ctx, engine, second.plan.Workspace); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Building in workspace %s\n", q.plan.Workspace)
	if err := l.settle(ctx, engine, &q, builder.Selection{}); err != nil {
		return err
	}
	if err := build.run(ctx, engine, q, l); err != nil {
		return err
	}
	if err := l.holdTo(ctx, engine, q, &second); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Building in workspace %s\n", second.plan.Workspace)
	if err := build.run(ctx, engine, second, l); err != nil {
		return beginAgain(err, second.plan.Workspace)
	}
	different, err := compareResults(ctx, engine, q.plan, second.plan)
	if err != nil {
		return err
	}
	if !c.Keep {
		if err := engine.Remove(ctx, second.plan.Workspace); err != nil {
			return err
		}
	}
	if different > 0 {
		return fmt.Errorf("%d results %w", different, errDiffer)
	}
	fmt.Println("Both builds made the same, bit by bit.")
	return nil
}

// checkNew refuses a workspace that is there.
func checkNew(ctx context.Context, engine *docker.Engine, workspace string) error {
	_, err := engine.Look(ctx, workspace)
	if err == nil {
		return &builder.InputError{Option: "workspace", Value: workspace,
			Reason: "is there already, and is to be made anew here: remove it with coreos-builder clean " + workspace}
	}
	if errors.Is(err, builder.ErrNoWorkspace) {
		return nil
	}
	return err
}

// holdTo has a second build made from what the first was, which is held against the lock file, or written to it.
func (l *locked) holdTo(ctx context.Context, engine *docker.Engine, first request, second *request) error {
	w, err := engine.Look(ctx, first.plan.Workspace)
	if err != nil {
		return err
	}
	made, err := l.finish(ctx, engine, first, w)
	if err != nil || made == nil || l.wanted != nil {
		return err
	}
	l.wanted, l.file = made, cmp.Or(l.file, "of the first build")
	return l.pin(second)
}

// beginAgain says, in the place of how to go on from where a build ended, that the second one begins anew.
func beginAgain(err error, workspace string) error {
	if resume := (*resumeError)(nil); !errors.As(err, &resume) {
		return err
	}
	return &resumeError{err, "The second build begins anew, with: coreos-builder clean " + workspace + " --yes && " + commandLine()}
}

// compareResults says where the artefacts of two workspaces differ, and returns how many of them do.
func compareResults(ctx context.Context, engine *docker.Engine, one, two builder.Plan) (different int, err error) {
	first, err := artifact.List(ctx, engine, one)
	if err != nil {
		return 0, err
	}
	second, err := artifact.List(ctx, engine, two)
	if err != nil {
		return 0, err
	}
	for _, f := range first {
		i := slices.IndexFunc(second, func(g artifact.File) bool { return g.Name == f.Name })
		switch {
		case i < 0:
			fmt.Printf("%s: only the first build made it\n", f.Name)
		case f.SHA256 == "" || second[i].SHA256 == "":
			return 0, fmt.Errorf("%s: it was changed after it was built", f.Name)
		case f.SHA256 == second[i].SHA256:
			fmt.Printf("%s: the same (%s)\n", f.Name, f.SHA256[:12])
			continue
		default:
			if err := explain(ctx, engine, one, two, f); err != nil {
				return 0, err
			}
		}
		different++
	}
	for _, g := range second {
		if !slices.ContainsFunc(first, func(f artifact.File) bool { return f.Name == g.Name }) {
			fmt.Printf("%s: only the second build made it\n", g.Name)
			different++
		}
	}
	return different, nil
}

// maxText is how large a result may be that is compared line by line.
const maxText = 4 << 20

// explain says where a result differs: of a disk in which partition and file, of a text in which lines, such as those of
// packages.
func explain(ctx context.Context, engine *docker.Engine, one, two builder.Plan, file artifact.File) error {
	name := file.Name
	if file.Size <= maxText {
		a, err1 := readArtifact(ctx, engine, one, name)
		b, err2 := readArtifact(ctx, engine, two, name)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		show(name, linesOnlyIn(a, b, "first"), linesOnlyIn(b, a, "second"))
		return nil
	}
	var images [2]inspect.Image
	for i, plan := range []builder.Plan{one, two} {
		if err := prepareTools(ctx, engine, plan.OnMachines()); err != nil {
			return err
		}
		var err error
		images[i], err = inspect.Read(ctx, engine, plan, name, path.Join(plan.Dir, plan.Artifacts.Dir, name), true)
		if err != nil {
			return err
		}
	}
	show(name, inspect.Diff(images[0], images[1]))
	return nil
}

// show prints where a result differs.
func show(name string, places ...[]string) {
	lines := slices.Concat(places...)
	if len(lines) == 0 {
		lines = []string{"it differs outside of its partitions' files"}
	}
	for i, line := range lines {
		if i == maxShown {
			fmt.Printf("%s: and %d more\n", name, len(lines)-maxShown)
			return
		}
		fmt.Printf("%s: %s\n", name, line)
	}
}

// readArtifact is the contents of a small artefact.
func readArtifact(ctx context.Context, engine *docker.Engine, plan builder.Plan, name string) (string, error) {
	content, err := engine.Ask(ctx, plan, []string{"head", fmt.Sprintf("--bytes=%d", maxText), "--", path.Join(plan.Artifacts.Dir, name)})
	return string(content), err
}

// linesOnlyIn are the lines of a text that another has not.
func linesOnlyIn(text, other, which string) []string {
	there := map[string]bool{}
	for line := range strings.Lines(other) {
		there[line] = true
	}
	var lines []string
	for line := range strings.Lines(text) {
		if !there[line] {
			lines = append(lines, fmt.Sprintf("only in the %s: %s", which, progress.Clean(line)))
		}
	}
	return lines
}
