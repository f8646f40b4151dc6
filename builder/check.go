package builder

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Check finds what is wrong with a recipe without compiling it: names that are used twice, or that nothing bears, and
// patterns and templates that cannot be read. It returns a *RecipeError, or nil.
func (r Recipe) Check() error {
	checks := []struct {
		where string
		check func() error
	}{{"recipe", r.checkFields}, {"enter", r.checkEnter}, {"releases", r.checkReleases}, {"errata", r.checkErrata}, {"boot", r.checkBoot}}
	for _, option := range r.Options {
		checks = append(checks, struct {
			where string
			check func() error
		}{"option " + option.Name, func() error { return r.checkOption(option) }})
	}
	for i, phase := range r.Phases {
		checks = append(checks, struct {
			where string
			check func() error
		}{"phase " + phase.Name, func() error { return r.checkPhase(i, phase) }})
	}
	for _, c := range checks {
		if err := c.check(); err != nil {
			return &RecipeError{r.Name, c.where, err}
		}
	}
	return nil
}

func (r Recipe) checkFields() error {
	switch {
	case !workspaceName.MatchString(r.Name):
		return fmt.Errorf("the name %q is not of the form %s", r.Name, workspaceName)
	case r.Image.Name == "":
		return errors.New("image.name is missing")
	case !path.IsAbs(r.Dir):
		return fmt.Errorf("dir %q is not an absolute path", r.Dir)
	case len(r.Phases) == 0:
		return errors.New("there are no phases")
	case r.Cache != "" && !filepath.IsLocal(r.Cache):
		return fmt.Errorf("cache %q is not a path below dir", r.Cache)
	case r.Artifacts.Dir == "" || path.IsAbs(r.Artifacts.Dir):
		return errors.New("artifacts.dir is not a path below dir")
	}
	for _, name := range slices.Concat(sorted(r.Disk), sorted(r.Memory), sorted(r.Minimal), r.Artifacts.After) {
		if !r.hasPhase(name) {
			return fmt.Errorf("disk, memory, minimal or artifacts.after: there is no phase %s", name)
		}
	}
	for name, what := range r.Pins {
		option, ok := r.option(name)
		if !ok || what != "manifest" && !strings.HasPrefix(what, "source ") || option.File != (what == "manifest") {
			return fmt.Errorf("pins: %s: %q is not a source of an option, nor the manifest of a file option", name, what)
		}
	}
	for name := range r.Values {
		if _, ok := r.option(name); ok || !optionName.MatchString(name) {
			return fmt.Errorf("values: %s is not a name of its own", name)
		}
	}
	return checkTemplates(append(append(values(r.Image.Args), values(r.Values)...), r.Artifacts.Dir, r.CacheKind)...)
}

func (r Recipe) checkEnter() error {
	for name, enter := range r.Enter {
		if len(enter.Argv) == 0 {
			return fmt.Errorf("%s has no argv", name)
		}
		if _, err := regexp.Compile(enter.Accepts); err != nil {
			return err
		}
	}
	return nil
}

func (r Recipe) checkReleases() error {
	if _, err := regexp.Compile(r.Releases.Number); err != nil {
		return err
	}
	ranges := []Range{{Since: r.Releases.Oldest}}
	for _, name := range sorted(r.Releases.Knows) {
		ranges = append(ranges, r.Releases.Knows[name])
	}
	for _, option := range r.Options {
		for _, value := range sorted(option.Releases) {
			ranges = append(ranges, option.Releases[value])
		}
	}
	for _, one := range ranges {
		if err := one.check(); err != nil {
			return err
		}
	}
	return checkTemplates(append(slices.Clone(r.Versions), r.Releases.Name)...)
}

func (r Recipe) checkErrata() error {
	for _, erratum := range r.Errata {
		if len(erratum.Match) == 0 || len(erratum.Use) == 0 || erratum.Wrong == "" || erratum.Source == "" {
			return errors.New("match, wrong, use or source is missing")
		}
		for _, name := range append(sorted(erratum.Match), sorted(erratum.Use)...) {
			if _, ok := r.option(name); !ok {
				return fmt.Errorf("there is no option %s", name)
			}
		}
		if !r.hasPhase(erratum.Phase) {
			return fmt.Errorf("there is no phase %s", erratum.Phase)
		}
	}
	return nil
}

// optionName keeps options usable as template fields, flags and configuration keys alike.
var optionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (r Recipe) checkOption(option Option) error {
	if !optionName.MatchString(option.Name) {
		return fmt.Errorf("the name is not of the form %s", optionName)
	}
	same := func(o Option) bool { return o.Name == option.Name }
	if first := slices.IndexFunc(r.Options, same); slices.ContainsFunc(r.Options[first+1:], same) {
		return errors.New("there are two of that name")
	}
	for _, other := range option.Excludes {
		if _, ok := r.option(other); !ok {
			return fmt.Errorf("excludes: there is no option %s", other)
		}
	}
	if _, err := regexp.Compile(option.Pattern); err != nil {
		return err
	}
	if option.Default != "" {
		return checkValue(option, option.Default)
	}
	return nil
}

func (r Recipe) hasPhase(name string) bool {
	return slices.ContainsFunc(r.Phases, func(p Phase) bool { return p.Name == name })
}

func (r Recipe) option(name string) (Option, bool) {
	i := slices.IndexFunc(r.Options, func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return r.Options[i], true
}

func (r Recipe) checkPhase(index int, phase Phase) error {
	before := r.Phases[:index]
	named := func(name string) bool {
		return slices.ContainsFunc(before, func(p Phase) bool { return p.Name == name })
	}
	if !optionName.MatchString(phase.Name) {
		return fmt.Errorf("the name is not of the form %s", optionName)
	}
	if named(phase.Name) {
		return errors.New("there are two of that name")
	}
	for _, need := range phase.Needs {
		if !named(need) {
			return fmt.Errorf("needs: there is no phase %s before it", need)
		}
	}
	if option, ok := r.option(phase.Each); phase.Each != "" && (!ok || !option.List) {
		return fmt.Errorf("each: there is no list option %s", phase.Each)
	}
	if phase.Parallel && (phase.Each == "" || len(phase.Files) > 0) {
		return errors.New("parallel: is for a phase that runs for each value of a list, and that needs no files of the user")
	}
	if phase.Turn != "" && !phase.Parallel {
		return errors.New("turn: is for a phase whose steps are parallel")
	}
	if phase.Isolated && phase.Network {
		return errors.New("isolated: is not for a phase that fetches things")
	}
	if option, ok := r.option(phase.Stdin.Secret); phase.Stdin.Secret != "" && (!ok || !option.Secret) {
		return fmt.Errorf("stdin: there is no secret option %s", phase.Stdin.Secret)
	}
	for _, name := range phase.Files {
		if option, ok := r.option(name); !ok || !option.File {
			return fmt.Errorf("files: there is no file option %s", name)
		}
	}
	return r.checkCommands(phase)
}

func (r Recipe) checkCommands(phase Phase) error {
	if len(phase.Run) == 0 {
		return errors.New("run: there are no commands")
	}
	if !slices.Contains([]string{"", "line", "read-line"}, phase.Stdin.As) {
		return fmt.Errorf("stdin: there is no form %q", phase.Stdin.As)
	}
	templates := append(values(phase.Env), phase.When, phase.Turn)
	for _, command := range append(slices.Clone(phase.Run), phase.Recover...) {
		if len(command.Argv) == 0 {
			return errors.New("a command has no argv")
		}
		for _, place := range []string{phase.In, command.In} {
			if _, ok := r.Enter[place]; place != "" && place != "workspace" && !ok {
				return fmt.Errorf("in: there is no place %s", place)
			}
		}
		templates = append(templates, command.Argv...)
		templates = append(templates, command.When)
	}
	templates = append(templates, phase.Offline...)
	if phase.Sources != nil {
		templates = append(templates, phase.Sources.Floating)
		templates = append(templates, phase.Sources.Latest...)
		templates = append(templates, phase.Sources.Synced...)
	}
	return checkTemplates(templates...)
}

func checkTemplates(texts ...string) error {
	for _, text := range texts {
		if _, err := template.New(text).Parse(text); err != nil {
			return err
		}
	}
	return nil
}

func values(m map[string]string) []string {
	var all []string
	for _, name := range sorted(m) {
		all = append(all, m[name])
	}
	return all
}
