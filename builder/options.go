package builder

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// checkOptions refuses what is wrong whatever release is built.
func checkOptions(r Recipe, c Config) error {
	for _, name := range sorted(c.Options) {
		if _, ok := r.option(name); !ok {
			return &InputError{name, "", fmt.Sprintf("is not an option of recipe %s: see recipes show %s", r.Name, r.Name)}
		}
	}
	for _, option := range r.Options {
		if err := check(option, c.Options[option.Name], c); err != nil {
			return err
		}
	}
	if !slices.Contains([]string{"", Privileged, Minimal}, c.Security) {
		return &InputError{"security", c.Security, "is neither " + Privileged + " nor " + Minimal}
	}
	for _, phase := range sorted(c.TimeLimits) {
		if err := checkTimeLimit(r, phase, c.TimeLimits[phase]); err != nil {
			return err
		}
	}
	return nil
}

func checkTimeLimit(r Recipe, phase, limit string) error {
	if !r.hasPhase(phase) {
		return &InputError{"time_limits", phase, "is not a phase of recipe " + r.Name + ": see recipes show " + r.Name}
	}
	if seconds(limit) < 1 {
		return &InputError{"time_limits", limit, "is not a time of a second or more, such as 90m or 6h (for " + phase + ")"}
	}
	return nil
}

// seconds is a time limit in seconds, or 0 where it is none.
func seconds(limit string) int {
	d, err := time.ParseDuration(limit)
	if err != nil || d > 10000*time.Hour {
		return 0
	}
	return int(d.Seconds())
}

// resolve is the value of every option as templates see it: a string, for a list []string, for a secret a bool. It is
// also the number of the release that they ask for.
func resolve(r Recipe, c Config) (values map[string]any, release release, err error) {
	values = map[string]any{}
	for _, option := range r.Options {
		given := c.Options[option.Name]
		if len(given) == 0 && option.Default != "" && !excluded(r, option, c) {
			given = []string{option.Default}
		}
		values[option.Name] = option.value(given, c)
	}
	if release, err = r.release(values); err != nil {
		return nil, nil, &RecipeError{r.Name, "releases", err}
	}
	if err := r.checkRelease(release); err != nil {
		return nil, nil, err
	}
	values["knows"] = r.knows(release)
	for _, option := range r.Options {
		if err := option.checkAdds(c.Adds[option.Name], release); err != nil {
			return nil, nil, err
		}
		given, err := option.known(c.Options[option.Name], c.Adds[option.Name], release)
		if err != nil {
			return nil, nil, err
		}
		if given != nil && option.Releases != nil {
			values[option.Name] = option.value(given, c)
		}
	}
	for _, name := range sorted(r.Values) {
		value, err := expand(r.Values[name], values)
		if err != nil {
			return nil, nil, &RecipeError{r.Name, "value " + name, err}
		}
		values[name] = value
	}
	return values, release, nil
}

// value is what templates see of an option that is set to something.
func (o Option) value(given []string, c Config) any {
	switch {
	case o.Secret:
		return c.Secrets[o.Name]
	case o.File:
		if files := c.Files[o.Name]; len(files) > 0 {
			return inputPath(o.Name, files)
		}
		return ""
	case o.List:
		return given
	}
	return strings.Join(given, "")
}

// known refuses values that a release does not have. Of an option that is not set it is the default, or what is in its
// place in that release; of one without a default, nil.
func (o Option) known(given, adds []string, release release) ([]string, error) {
	if len(given) == 0 && o.Default != "" {
		for _, value := range append([]string{o.Default}, o.Values...) {
			if o.Releases[value].has(release) {
				return []string{value}, nil
			}
		}
	}
	for _, value := range given {
		if which := o.Releases[value]; !which.has(release) && !slices.Contains(adds, value) {
			return nil, &InputError{o.Name, value, fmt.Sprintf("is there %s only", which)}
		}
	}
	return nil, nil
}

// checkAdds refuses to add values that the release has already.
func (o Option) checkAdds(adds []string, release release) error {
	for _, value := range adds {
		if slices.Contains(o.Values, value) && o.Releases[value].has(release) {
			return &InputError{o.Name, value, "is there already: what is added needs another name"}
		}
	}
	return nil
}

// excluded tells whether an option that was set takes away another's default.
func excluded(r Recipe, option Option, c Config) bool {
	for _, other := range r.Options {
		if len(c.Options[other.Name]) > 0 &&
			(slices.Contains(other.Excludes, option.Name) || slices.Contains(option.Excludes, other.Name)) {
			return true
		}
	}
	return false
}

// check refuses what an option does not allow.
func check(option Option, given []string, c Config) error {
	if len(given) > 1 && !option.List {
		return &InputError{option.Name, strings.Join(given, ", "), "takes one value"}
	}
	for _, other := range option.Excludes {
		if len(given) > 0 && len(c.Options[other]) > 0 {
			return &InputError{option.Name, given[0], fmt.Sprintf("cannot go together with %s %q", other, c.Options[other][0])}
		}
	}
	for i, value := range given {
		if slices.Contains(given[:i], value) {
			return &InputError{option.Name, value, "is given twice"}
		}
		if slices.Contains(c.Adds[option.Name], value) {
			continue
		}
		if err := checkValue(option, value); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(option Option, value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return &InputError{option.Name, value, "holds a control character"}
	}
	if len(option.Values) > 0 && !slices.Contains(option.Values, value) {
		return &InputError{option.Name, value, "is not one of " + strings.Join(option.Values, ", ")}
	}
	if option.Pattern != "" {
		pattern, err := regexp.Compile(`^(?:` + option.Pattern + `)$`)
		if err != nil {
			return fmt.Errorf("option %s: %w", option.Name, err)
		}
		if !pattern.MatchString(value) {
			return &InputError{option.Name, value, "is not " + cmp.Or(option.Form, "of the form "+option.Pattern)}
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
