package builder

import (
	"fmt"
	"slices"
)

// CheckBuilt tells whether the artefacts of a workspace are those of this plan: whether the steps that make the first of them,
// all that those need, and whatever else has a stamp, were run as the plan says, one after the other. Where sources float,
// they are taken to be where they were. The error says of the first step that was not why.
func (p Plan) CheckBuilt(w Workspace, secrets map[string][]byte) error {
	verdicts, err := Judge(p, w, Known{Secrets: secrets, Offline: true})
	if err != nil {
		return err
	}
	needed := p.neededForArtifacts()
	for _, v := range verdicts {
		if v.State != UpToDate && (needed[v.Step] || v.Stamp != nil) {
			return fmt.Errorf("step %s is not as it was planned: %s", v.Step, v.Reason)
		}
	}
	return nil
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
