package builder

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Preview is what Build would do: the verdict on every step. It makes nothing; where sources float, it asks where they
// are now, if the builder image is there to ask with. Without a workspace every step has yet to run.
func Preview(ctx context.Context, engine Engine, plan Plan, known Known) ([]Verdict, error) {
	workspace, err := engine.Look(ctx, plan.Workspace)
	if err != nil && !errors.Is(err, ErrNoWorkspace) {
		return nil, err
	}
	verdicts, err := Judge(plan, workspace, known)
	if err != nil {
		return nil, err
	}
	if known.Offline {
		return verdicts, nil
	}
	known.Latest, err = latest(ctx, engine, plan, floating(plan, verdicts))
	if errors.Is(err, ErrNoImage) {
		return verdicts, nil
	}
	if err != nil {
		return nil, err
	}
	return Judge(plan, workspace, known)
}

// floating are the steps that are up to date if the sources they fetched have not moved.
func floating(plan Plan, verdicts []Verdict) []Step {
	var steps []Step
	for i, step := range plan.Steps {
		if step.Sources != nil && step.Sources.Latest != nil && verdicts[i].State == UpToDate {
			steps = append(steps, step)
		}
	}
	return steps
}

// latest asks where the sources of steps are now.
func latest(ctx context.Context, engine Engine, plan Plan, steps []Step) (map[string][]Revision, error) {
	all := map[string][]Revision{}
	for _, step := range steps {
		out, err := engine.Ask(ctx, plan, step.Sources.Latest)
		if err != nil {
			return nil, fmt.Errorf("cannot tell where the sources of step %s are now: %w", step.Name, err)
		}
		if all[step.Name], err = ParseRevisions(string(out)); err != nil {
			return nil, fmt.Errorf("sources of step %s: %w", step.Name, err)
		}
	}
	return all, nil
}

// ParseRevisions reads lines of "NAME REVISION".
func ParseRevisions(text string) ([]Revision, error) {
	revisions := []Revision{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q is not a name and a revision", strings.TrimSpace(line))
		}
		revisions = append(revisions, Revision{fields[0], fields[1]})
	}
	return revisions, nil
}
