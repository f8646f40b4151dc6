package builder

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// resolve is the value of every option as templates see it: a string, for a list []string, for a secret a bool.
func resolve(r Recipe, c Config) (map[string]any, error) {
	values := map[string]any{}
	known := map[string]Option{}
	for _, option := range r.Options {
		known[option.Name] = option
	}
	for _, name := range sorted(c.Options) {
		if _, ok := known[name]; !ok {
			return nil, &InputError{name, "", fmt.Sprintf("is not an option of recipe %s: see recipes show %s", r.Name, r.Name)}
		}
	}
	for _, option := range r.Options {
		given := c.Options[option.Name]
		if err := check(option, given, c); err != nil {
			return nil, err
		}
		if len(given) == 0 && option.Default != "" && !excluded(r, option, c) {
			given = []string{option.Default}
		}
		switch {
		case option.Secret:
			values[option.Name] = c.Secrets[option.Name]
		case option.File:
			values[option.Name] = ""
			if files := c.Files[option.Name]; len(files) > 0 {
				values[option.Name] = inputPath(option.Name, files)
			}
		case option.List:
			values[option.Name] = given
		default:
			values[option.Name] = strings.Join(given, "")
		}
	}
	for _, name := range sorted(r.Values) {
		value, err := expand(r.Values[name], values)
		if err != nil {
			return nil, &RecipeError{r.Name, "value " + name, err}
		}
		values[name] = value
	}
	return values, nil
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
