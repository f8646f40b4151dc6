package builder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Plan is a build with nothing left to decide. It is plain data: it can be printed, compared, and run elsewhere.
type Plan struct {
	Recipe    string `json:"recipe"`
	Workspace string `json:"workspace"`
	// Config is what the plan was made of, for whoever comes later and asks what is built in the workspace.
	Config Config `json:"config"`
	// Notes are what a user is to know of this build.
	Notes []string    `json:"notes,omitempty"`
	Image ImageSource `json:"image"`
	// Dir is where the workspace is mounted in every container.
	Dir string `json:"dir"`
	// Cache is the directory below it that all workspaces share.
	Cache string `json:"cache,omitempty"`
	// CacheKind tells with which of them: with those of the same kind.
	CacheKind string    `json:"cache_kind,omitempty"`
	Steps     []Step    `json:"steps"`
	Artifacts Artifacts `json:"artifacts"`
	// Boot is how they are started; without an image they cannot be.
	Boot Boot `json:"boot,omitzero"`
	// Versions is the command that lists what could be built instead.
	Versions []string `json:"versions,omitempty"`
	// Enter are the commands that enter the recipe's places, for a user who wants to look inside.
	Enter map[string]Enter `json:"enter,omitempty"`
}

// Step is a part of a plan that runs in one container.
type Step struct {
	// Name is the phase's name, for a phase that runs for each value of a list followed by "." and the value.
	Name  string `json:"name"`
	Phase string `json:"phase"`
	About string `json:"about,omitempty"`
	// Needs names the steps whose results this one builds on.
	Needs []string `json:"needs,omitempty"`
	// Defect is what is known to be wrong with what the step builds.
	Defect string `json:"defect,omitempty"`
	// Network tells that the step fetches things.
	Network bool `json:"network,omitempty"`
	// Isolated keeps the step from every network.
	Isolated bool `json:"isolated,omitempty"`
	// Offline is a command that tells whether it can do without, and what is missing if not.
	Offline []string `json:"offline,omitempty"`
	// Parallel steps may run beside others of their phase.
	Parallel bool `json:"parallel,omitempty"`
	// Turn is what parallel steps that disturb each other have in common: of those, one runs at a time.
	Turn string `json:"turn,omitempty"`
	// Memory is what the step may need, in MiB.
	Memory int `json:"memory,omitempty"`
	// Disk is what the step adds to the engine's disk, in MiB, at most.
	Disk int `json:"disk,omitempty"`
	// TimeLimit is how long it may take, in seconds; 0 is as long as it likes.
	TimeLimit int `json:"time_limit,omitempty"`
	Definition
	// Digest is that of the definition: "sha256:" and 64 hexadecimal digits.
	Digest string `json:"digest"`
}

// Definition is everything about a step that can change its result.
type Definition struct {
	// Image is the reference of the builder image, which is made of the digest of all that went into it.
	Image    string     `json:"image"`
	Commands [][]string `json:"commands"`
	// Recover are commands that run first when the last run of the step did not end well.
	Recover     [][]string        `json:"recover,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	Stdin       *Stdin            `json:"stdin,omitempty"`
	Sources     *Sources          `json:"sources,omitempty"`
	Inputs      []Input           `json:"inputs,omitempty"`
	Privileged  bool              `json:"privileged,omitempty"`
	HostDevices bool              `json:"host_devices,omitempty"`
	// Rights are what a container may do that is not privileged. Nil is what the engine allows every container.
	Rights *Rights `json:"rights,omitempty"`
}

// Input is what a file option stands for, as a step needs it.
type Input struct {
	Option string `json:"option"`
	Files  []File `json:"files"`
	// Path is where the step finds the file, or the directory: below the workspace, and new for new contents.
	Path string `json:"path"`
}

// Encode is the definition as one line of JSON. The digest is taken of it.
func (d Definition) Encode() []byte {
	line, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings, lists and maps of strings can always be encoded
	}
	return line
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Step is the plan's step of that name.
func (p Plan) Step(name string) (Step, bool) {
	for _, step := range p.Steps {
		if step.Name == name {
			return step, true
		}
	}
	return Step{}, false
}

// Has tells whether a run is that of a step of the plan.
func (p Plan) Has(run Run) bool {
	step, ok := p.Step(run.Step)
	return ok && step.Digest == run.Digest
}

// CheckWhole refuses artefacts of which it is known that they are not whole.
func (p Plan) CheckWhole(w Workspace) error {
	for _, step := range p.Steps {
		_, done := w.Stamps[step.Name]
		if slices.Contains(p.Artifacts.After, step.Phase) && !done {
			return fmt.Errorf("workspace %s: %w (step %s is not done)", w.Name, ErrNoArtifacts, step.Name)
		}
	}
	return nil
}

// CheckSelection refuses a selection that does not fit the plan.
func (p Plan) CheckSelection(s Selection) error {
	_, err := p.pick(s)
	return err
}

// pick is the selection as a set of step names.
func (p Plan) pick(s Selection) (map[string]bool, error) {
	from, until := 0, len(p.Steps)-1
	var err error
	if s.Only != "" {
		if s.From != "" || s.Until != "" {
			return nil, &InputError{Option: "only", Value: s.Only, Reason: "cannot go together with from or until"}
		}
		s.From, s.Until = s.Only, s.Only
	}
	if s.From != "" {
		if from, _, err = p.find(s.From); err != nil {
			return nil, err
		}
	}
	if s.Until != "" {
		if _, until, err = p.find(s.Until); err != nil {
			return nil, err
		}
	}
	if from > until {
		return nil, &InputError{Option: "until", Value: s.Until, Reason: fmt.Sprintf("comes before %s", s.From)}
	}
	picked := map[string]bool{}
	for _, step := range p.Steps[from : until+1] {
		picked[step.Name] = true
	}
	return picked, nil
}

// find is the range of steps that a step's or phase's name stands for.
func (p Plan) find(name string) (first, last int, err error) {
	first = -1
	var names []string
	for i, step := range p.Steps {
		if step.Name == name || step.Phase == name {
			if first < 0 {
				first = i
			}
			last = i
		}
		names = append(names, step.Name)
	}
	if first < 0 {
		return 0, 0, &InputError{Option: "phase", Value: name,
			Reason: "is not part of this build; it has " + strings.Join(names, ", ")}
	}
	return first, last, nil
}
