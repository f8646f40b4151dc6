package builder

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// StateDir is the directory below the workspace that is the builder's own: the stamps, and the files that users bring.
const StateDir = ".coreos-builder"

// workspaceName is what a workspace may be called: it becomes part of the names of a volume and of containers.
var workspaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Compile makes the plan that builds what the configuration asks for. It depends on nothing but its arguments. What
// is wrong with the configuration is an *InputError; what is wrong with the recipe, a *RecipeError.
func Compile(r Recipe, c Config) (Plan, error) {
	if c.Workspace == "" {
		c.Workspace = r.Name
	}
	if !workspaceName.MatchString(c.Workspace) {
		return Plan{}, &InputError{"workspace", c.Workspace,
			"is not a name of up to 64 lower case letters, digits, - and _, starting with a letter or digit"}
	}
	if err := checkOptions(r, c); err != nil {
		return Plan{}, err
	}
	asked := c
	defect, defective := r.erratum(c)
	mended := defective && !c.NoErrata
	if mended {
		c = defect.mend(c)
	}
	values, release, err := resolve(r, c)
	if err != nil {
		return Plan{}, err
	}
	kind, err := expand(r.CacheKind, values)
	if err != nil {
		return Plan{}, &RecipeError{r.Name, "cache_kind", err}
	}
	compiler := compiler{recipe: r, config: c, values: values}
	plan := Plan{Recipe: r.Name, Workspace: c.Workspace, Config: asked, Dir: r.Dir, Cache: r.Cache, CacheKind: kind, Enter: r.Enter, Notes: r.notes(release)}
	if mended {
		plan.Notes = append(plan.Notes, defect.mended())
	}
	if plan.Image, err = compiler.image(r.Image); err != nil {
		return Plan{}, &RecipeError{r.Name, "image", err}
	}
	if plan.Boot, err = compiler.boot(); err != nil {
		return Plan{}, &RecipeError{r.Name, "boot", err}
	}
	if plan.Steps, err = compiler.steps(plan.Image.Tag); err != nil {
		return Plan{}, err
	}
	if defective && !mended {
		plan.Notes = append(plan.Notes, defect.unmended())
		plan.blame(defect)
	}
	if len(r.Versions) > 0 {
		if plan.Versions, err = words(r.Versions, values); err != nil {
			return Plan{}, &RecipeError{r.Name, "versions", err}
		}
	}
	plan.Artifacts.Files, plan.Artifacts.After = r.Artifacts.Files, r.Artifacts.After
	if plan.Artifacts.Dir, err = expand(r.Artifacts.Dir, values); err != nil {
		return Plan{}, &RecipeError{r.Name, "artifacts", err}
	}
	return plan, nil
}

// blame tells the steps of a phase what is known to be wrong with what they build.
func (p Plan) blame(defect Erratum) {
	for i, step := range p.Steps {
		if step.Phase == defect.Phase {
			p.Steps[i].Defect = defect.unmended()
		}
	}
}

type compiler struct {
	recipe Recipe
	config Config
	values map[string]any
}

// image is an image with its arguments filled in, and a tag made of all that goes into it: a changed Dockerfile is
// another image, an unchanged one is never built twice.
func (c compiler) image(source ImageSource) (ImageSource, error) {
	image := ImageSource{Name: source.Name, Context: source.Context, Args: map[string]string{}}
	for name, template := range source.Args {
		value, err := expand(template, c.values)
		if err != nil {
			return image, fmt.Errorf("argument %s: %w", name, err)
		}
		image.Args[name] = value
	}
	inputs, err := json.Marshal(image)
	if err != nil {
		return image, err
	}
	image.Tag = "coreos-builder/" + image.Name + ":" + strings.TrimPrefix(digest(inputs), "sha256:")[:16]
	return image, nil
}

// steps are the phases that the configuration asks for, each list phase once for each value.
func (c compiler) steps(image string) ([]Step, error) {
	var steps []Step
	made := map[string][]string{} // phase → the steps that stand for it; for one that is left out, for what it needs
	previous := ""
	for _, phase := range c.recipe.Phases {
		needs := phase.Needs
		if needs == nil && previous != "" {
			needs = []string{previous}
		}
		previous = phase.Name
		var needed []string
		for _, name := range needs {
			needed = append(needed, made[name]...)
		}
		slices.Sort(needed)
		needed = slices.Compact(needed)
		made[phase.Name] = needed

		wanted, err := holds(phase.When, c.values)
		if err != nil {
			return nil, c.wrong(phase, err)
		}
		if !wanted {
			continue
		}
		made[phase.Name] = nil
		for _, values := range c.each(phase) {
			step, err := c.step(phase, image, values)
			if err != nil {
				return nil, err
			}
			step.Needs = needed
			steps = append(steps, step)
			made[phase.Name] = append(made[phase.Name], step.Name)
		}
	}
	return steps, nil
}

// each is the template values of every step that a phase stands for.
func (c compiler) each(phase Phase) []map[string]any {
	if phase.Each == "" {
		return []map[string]any{c.values}
	}
	var all []map[string]any
	for _, value := range c.values[phase.Each].([]string) {
		all = append(all, with(c.values, phase.Each, value))
	}
	return all
}

// with is some values, and one more or another.
func with(values map[string]any, name string, value any) map[string]any {
	more := maps.Clone(values)
	more[name] = value
	return more
}

func (c compiler) step(phase Phase, image string, values map[string]any) (Step, error) {
	step := Step{Name: phase.Name, Phase: phase.Name, About: phase.About, Network: phase.Network, Isolated: phase.Isolated}
	if phase.Each != "" {
		step.Name += "." + values[phase.Each].(string)
	}
	step.Image, step.Privileged, step.HostDevices = image, phase.Privileged, phase.HostDevices
	step.Parallel, step.Memory = phase.Parallel, c.recipe.Memory[phase.Name]
	step.Disk = c.recipe.Disk[phase.Name]
	if limit := c.config.TimeLimits[phase.Name]; limit != "" {
		step.TimeLimit = seconds(limit)
	}
	if c.config.Security == Minimal {
		rights := c.recipe.Minimal[phase.Name]
		step.Privileged, step.Rights = false, &rights
	}
	step.Inputs = c.inputs(phase)
	if phase.Stdin.Secret != "" && values[phase.Stdin.Secret].(bool) {
		step.Stdin = &phase.Stdin
	}
	var err error
	if step.Turn, err = expand(phase.Turn, values); err != nil {
		return Step{}, c.wrong(phase, err)
	}
	values = with(values, "turn", step.Turn)
	if step.Commands, err = c.commands(phase, phase.Run, values); err != nil {
		return Step{}, err
	}
	if step.Recover, err = c.commands(phase, phase.Recover, values); err != nil {
		return Step{}, err
	}
	if step.Sources, err = c.sources(phase, values); err != nil {
		return Step{}, err
	}
	if len(phase.Offline) > 0 {
		if step.Offline, err = words(phase.Offline, values); err != nil {
			return Step{}, c.wrong(phase, err)
		}
	}
	for name, template := range phase.Env {
		value, err := expand(template, values)
		if err != nil {
			return Step{}, c.wrong(phase, err)
		}
		if step.Env == nil {
			step.Env = map[string]string{}
		}
		step.Env[name] = value
	}
	step.Digest = digest(step.Encode())
	return step, nil
}

// inputs are the files that the step needs, and the user brings.
func (c compiler) inputs(phase Phase) []Input {
	var inputs []Input
	for _, option := range phase.Files {
		if files := c.config.Files[option]; len(files) > 0 {
			inputs = append(inputs, Input{Option: option, Files: files, Path: inputPath(option, files)})
		}
	}
	return inputs
}

// inputPath is new for every new content, so that a file that was there before cannot be taken for one of these.
func inputPath(option string, files []File) string {
	encoded, err := json.Marshal(files)
	if err != nil {
		panic(err) // strings and booleans can always be encoded
	}
	return path.Join(StateDir, "inputs", strings.TrimPrefix(digest(encoded), "sha256:")[:16], option)
}

func (c compiler) wrong(phase Phase, err error) error {
	return &RecipeError{c.recipe.Name, "phase " + phase.Name, err}
}
