package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/docker"
	"github.com/coreos-builder/coreos-builder/internal/lock"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// lockFlags hold a build against an earlier one.
type lockFlags struct {
	Locked bool   `env:"-" help:"Build what the lock file says that was built, or refuse with what differs."`
	Lock   string `type:"path" placeholder:"FILE" help:"The lock file: read with --locked; a build without writes it. Default, with --locked: coreos-builder.lock."`
}

// locked is a lock file, and what is planned by it.
type locked struct {
	file   string
	recipe builder.Recipe
	// planned is the lock of what is planned; wanted is what the file says, if there is one.
	planned lock.Lock
	wanted  *lock.Lock
	// open is the plan by which revisions are left open that wanted names.
	open builder.Plan
}

// read reads the lock file, if the build is held against one.
func (f lockFlags) read() (*lock.Lock, string, error) {
	file := f.Lock
	if file == "" {
		file = lock.Name
	}
	if !f.Locked {
		return nil, f.Lock, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, file, &builder.InputError{Option: "lock", Value: file, Reason: "cannot be read: " + builder.Reason(err) +
			" (beside results one lies: --lock DIR/" + lock.Name + ")"}
	}
	wanted, err := lock.Parse(file, content)
	return &wanted, file, err
}

// request is what is to be built: with --locked what the lock file says, whatever is left open.
func (f lockFlags) request(c *configFlags) (request, locked, error) {
	wanted, file, err := f.read()
	if err != nil {
		return request{}, locked{}, err
	}
	q, err := c.requestOver(wanted)
	if err != nil {
		return q, locked{}, err
	}
	l := locked{file: file, wanted: wanted, open: q.plan}
	if l.recipe, err = recipe.Load(q.recipe); err != nil {
		return q, l, err
	}
	if l.planned, err = lock.Of(l.recipe, q.plan); err != nil || wanted == nil {
		return q, l, err
	}
	if differences := lock.DiffPlanned(*wanted, l.planned); len(differences) > 0 {
		return q, l, refused(file, differences)
	}
	return q, l, l.pin(&q)
}

// pin has a request build the very revisions that the lock file names.
func (l locked) pin(q *request) error {
	options, files := l.wanted.Pins(l.recipe)
	c := q.plan.Config
	c.Workspace = q.plan.Workspace
	c.Options, c.Files = maps.Clone(c.Options), maps.Clone(c.Files)
	if c.Options == nil {
		c.Options = map[string][]string{}
	}
	for option, value := range options {
		c.Options[option] = []string{value}
	}
	for option, content := range files {
		q.files.Add(option, content)
	}
	for option, list := range q.files.Lists() {
		if c.Files == nil {
			c.Files = map[string][]builder.File{}
		}
		c.Files[option] = list
	}
	var err error
	q.plan, err = builder.Compile(l.recipe, c)
	return err
}

// settle has a request build on what is in its workspace, rather than fetch it again, where that is what the lock file names:
// mostly it is the workspace that the lock file was made of.
func (l locked) settle(ctx context.Context, engine *docker.Engine, q *request, s builder.Selection) error {
	if l.wanted == nil {
		return nil
	}
	w, err := engine.Look(ctx, q.plan.Workspace)
	if errors.Is(err, builder.ErrNoWorkspace) {
		return nil
	}
	if err != nil {
		return err
	}
	if there, err := l.fetched(ctx, engine, w, builder.Known{Selection: s, Secrets: q.secrets, Offline: true}); err != nil || !there {
		return err
	}
	q.plan, q.keepSources = l.open, true
	return nil
}

// fetched tells whether a workspace holds the revisions that the lock file names, fetched by the open plan, and a build would
// leave them.
func (l locked) fetched(ctx context.Context, engine *docker.Engine, w builder.Workspace, known builder.Known) (bool, error) {
	verdicts, err := builder.Judge(l.open, w, known)
	if err != nil {
		return false, err
	}
	for i, step := range l.open.Steps {
		if v := verdicts[i]; step.Sources != nil && (v.Runs || v.State != builder.UpToDate) {
			return false, nil
		}
	}
	manifest, err := engine.State(ctx, w.Name, manifestFile, maxManifest)
	if err != nil {
		return false, err
	}
	found, err := l.planned.Built(l.open, w, lock.Facts{Manifest: manifest})
	found.Image = l.wanted.Image // which is looked at before anything is run
	return err == nil && len(lock.DiffFound(*l.wanted, found)) == 0, err
}

// checkImage refuses to build in an image that is another than the lock file's.
func (l locked) checkImage(ctx context.Context, engine *docker.Engine, q request, progress func(string)) error {
	if l.wanted == nil {
		return nil
	}
	plan := q.plan
	if q.offline {
		if _, err := engine.Look(ctx, plan.Workspace); errors.Is(err, builder.ErrNoWorkspace) {
			return nil // the build itself says what is missing
		}
	} else if err := engine.Prepare(ctx, plan, progress); err != nil {
		return err
	}
	found, err := l.found(ctx, engine, plan, builder.Workspace{})
	if errors.Is(err, builder.ErrNoImage) {
		return &builder.InputError{Option: "offline", Reason: "is not possible here: the builder image is not there"}
	}
	if err != nil {
		return err
	}
	found.Sources, found.Manifest = l.wanted.Sources, l.wanted.Manifest
	if differences := lock.DiffFound(*l.wanted, found); len(differences) > 0 {
		return refused(l.file, differences)
	}
	return nil
}

// found is the lock of what was built.
func (l locked) found(ctx context.Context, engine *docker.Engine, plan builder.Plan, w builder.Workspace) (lock.Lock, error) {
	packages, err := engine.Ask(ctx, plan, []string{"dpkg-query", "--show", "--showformat", "${binary:Package} ${Version}\n"})
	if err != nil {
		return lock.Lock{}, err
	}
	image, err := engine.Image(ctx, plan.Image)
	if err != nil {
		return lock.Lock{}, err
	}
	facts := lock.Facts{BaseDigest: image.BaseDigest, Packages: packages}
	if len(w.Stamps) > 0 {
		if !ranIn(image, provenance.Describe(plan, w)) {
			facts.BaseDigest, facts.Packages = "", nil
		}
		if facts.Manifest, err = engine.State(ctx, plan.Workspace, manifestFile, maxManifest); err != nil {
			return lock.Lock{}, err
		}
	}
	return l.planned.Built(plan, w, facts)
}

// finish holds what was built in a workspace against the lock file or, without --locked, writes one where that is asked for;
// it is also what is written beside the results. Of sources that are another plan's there is none.
func (l locked) finish(ctx context.Context, engine *docker.Engine, q request, w builder.Workspace) (*lock.Lock, error) {
	if foreign := q.plan.CheckSources(w); foreign != nil {
		if l.file == "" {
			return nil, nil
		}
		return nil, &builder.InputError{Option: "lock", Value: l.file, Reason: fmt.Sprintf("cannot be kept: %v: run that too", foreign)}
	}
	found, err := l.found(ctx, engine, q.plan, w)
	if err != nil {
		return nil, err
	}
	if l.wanted != nil {
		if differences := lock.DiffFound(*l.wanted, found); len(differences) > 0 {
			return nil, refused(l.file, differences)
		}
	} else if l.file != "" {
		if err := writeWhole(l.file, found.Encode()); err != nil {
			return nil, err
		}
	}
	return &found, nil
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(name string, content []byte) error {
	if err := os.WriteFile(name+".part", content, 0o666); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

// maxShown is how many differences are told.
const maxShown = 20

// refused says that what would be built, or was, is not what a lock file says.
func refused(file string, differences []lock.Difference) error {
	var lines []string
	for i, d := range differences {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(differences)-maxShown))
			break
		}
		lines = append(lines, d.String())
	}
	return &builder.InputError{Option: "lock", Value: file, Reason: "says otherwise (" + strings.Join(lines, "; ") +
		"): build with the same inputs, or without --locked"}
}

type lockCommand struct {
	Diff lockDiff `cmd:"" help:"Tell what two lock files do not agree on."`
}

type lockDiff struct {
	A string `arg:"" type:"existingfile" help:"A lock file."`
	B string `arg:"" type:"existingfile" help:"Another."`
}

func (c *lockDiff) Run() error {
	var locks [2]lock.Lock
	for i, file := range []string{c.A, c.B} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if locks[i], err = lock.Parse(file, content); err != nil {
			return err
		}
	}
	differences := append(lock.DiffPlanned(locks[0], locks[1]), lock.DiffFound(locks[0], locks[1])...)
	for _, d := range differences {
		fmt.Println(d)
	}
	if len(differences) > 0 {
		return fmt.Errorf("%s and %s %w", c.A, c.B, errDiffer)
	}
	return nil
}
