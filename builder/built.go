package builder

import (
	"fmt"
	"slices"
)

// CheckBuilt tells whether the artefacts of a workspace are those of this plan: whether the steps that make the first of them,
// all that those need, and whatever else has made some of those that are there, were run as the plan says, one after the
// other. Where sources float, they are taken to be where they were. The error says of the first step that was not why.
func (p Plan) CheckBuilt(w Workspace, secrets map[string][]byte) error {
	needed := p.neededForArtifacts()
	return p.checkSteps(w, secrets, func(step Step) bool {
		stamp, done := w.Stamps[step.Name]
		return needed[step.Name] || done && !p.replaced(stamp, w)
	})
}

// CheckSources tells whether the sources that are in a workspace were fetched as this plan says.
func (p Plan) CheckSources(w Workspace) error {
	return p.checkSteps(w, nil, func(step Step) bool {
		_, done := w.Stamps[step.Name]
		return done && step.Sources != nil
	})
}

// checkSteps tells whether some steps are up to date.
func (p Plan) checkSteps(w Workspace, secrets map[string][]byte, asked func(Step) bool) error {
	verdicts, err := Judge(p, w, Known{Secrets: secrets, Offline: true})
	if err != nil {
		return err
	}
	for i, v := range verdicts {
		if v.State != UpToDate && asked(p.Steps[i]) {
			return fmt.Errorf("step %s is not as it was planned: %s", v.Step, v.Reason)
		}
	}
	return nil
}

// replaced tells whether what a step made went when the first of the artefacts were made anew.
func (p Plan) replaced(stamp Stamp, w Workspace) bool {
	for _, step := range p.Steps {
		if run, needs := stamp.After[step.Name]; needs && slices.Contains(p.Artifacts.After, step.Phase) && run != w.Stamps[step.Name].Run {
			return true
		}
	}
	return false
}

// neededForArtifacts are the steps without which there are no artefacts.
func (p Plan) neededForArtifacts() map[string]bool {
	needed := map[string]bool{}
	for _, step := range slices.Backward(p.Steps) { // what is needed comes before who needs it
		if slices.Contains(p.Artifacts.After, step.Phase) || needed[step.Name] {
			needed[step.Name] = true
			for _, need := range step.Needs {
				needed[need] = true
			}
		}
	}
	return needed
}
