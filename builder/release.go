package builder

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Releases says how the releases of an operating system are told apart, and what they differ in. A release is known by
// one number, which grows.
type Releases struct {
	// Name is a template: the name of the release that is built.
	Name string `yaml:"name"`
	// Number is a regular expression whose first group is the number in a whole name. What does not match, such as the
	// branch master, counts as newer than every release.
	Number string `yaml:"number"`
	// Knows tells since and before which release something is there. In templates {{.knows.x}} is true or false.
	Knows map[string]Range `yaml:"knows"`
	// Tried are the numbers of releases that the recipe has been tried with.
	Tried []int `yaml:"tried"`
}

// Range is a range of releases. What is 0 is open.
type Range struct {
	// Since is the first release of the range, Before the first after it.
	Since  int `yaml:"since"`
	Before int `yaml:"before"`
}

func (r Range) has(release int) bool {
	return release >= r.Since && (r.Before == 0 || release < r.Before)
}

// String says which releases a range holds.
func (r Range) String() string {
	var words []string
	if r.Since > 0 {
		words = append(words, fmt.Sprintf("since release %d", r.Since))
	}
	if r.Before > 0 {
		words = append(words, fmt.Sprintf("before release %d", r.Before))
	}
	return strings.Join(words, " and ")
}

// Erratum is a known defect of what an upstream has released.
type Erratum struct {
	// Match are the options that ask for what is defective.
	Match map[string]string `yaml:"match"`
	// Phase is the phase that fails because of it.
	Phase string `yaml:"phase"`
	// Wrong says what is wrong, Source where that can be seen.
	Wrong  string `yaml:"wrong"`
	Source string `yaml:"source"`
	// Use are the options to build with instead of those of Match.
	Use map[string]string `yaml:"use"`
}

// newest is the number of what is newer than every release.
const newest = math.MaxInt

// release is the number of the release that option values ask for.
func (r Recipe) release(values map[string]any) (int, error) {
	name, err := expand(r.Releases.Name, values)
	if err != nil {
		return 0, err
	}
	pattern, err := regexp.Compile(`^(?:` + r.Releases.Number + `)$`)
	if err != nil {
		return 0, err
	}
	found := pattern.FindStringSubmatch(name)
	if len(found) < 2 {
		return newest, nil
	}
	return strconv.Atoi(found[1])
}

// knows is what a release knows, for templates.
func (r Recipe) knows(release int) map[string]any {
	known := map[string]any{}
	for name, which := range r.Releases.Knows {
		known[name] = which.has(release)
	}
	return known
}

// notes are what a user is to know before a release is built.
func (r Recipe) notes(release int) []string {
	if r.Releases.Tried == nil || release == newest || slices.Contains(r.Releases.Tried, release) {
		return nil
	}
	return []string{fmt.Sprintf("release %d has not been tried with recipe %s", release, r.Name)}
}

// erratum is the known defect of what a configuration asks for, if there is one.
func (r Recipe) erratum(c Config) (Erratum, bool) {
	i := slices.IndexFunc(r.Errata, func(e Erratum) bool {
		for name, value := range e.Match {
			option, _ := r.option(name)
			given := c.Options[name]
			if len(given) == 0 && option.Default != "" && !excluded(r, option, c) {
				given = []string{option.Default}
			}
			if !slices.Equal(given, []string{value}) {
				return false
			}
		}
		return true
	})
	if i < 0 {
		return Erratum{}, false
	}
	return r.Errata[i], true
}

// mend is a configuration that asks for what an erratum says to use.
func (e Erratum) mend(c Config) Config {
	options := map[string][]string{}
	for name, given := range c.Options {
		if _, matched := e.Match[name]; !matched {
			options[name] = given
		}
	}
	for name, value := range e.Use {
		options[name] = []string{value}
	}
	c.Options = options
	return c
}

// String says what is wrong.
func (e Erratum) String() string {
	return fmt.Sprintf("%s is defective: %s (%s)", options(e.Match), e.Wrong, e.Source)
}

// mended says what is built instead, unmended what could be.
func (e Erratum) mended() string   { return e.String() + "; " + options(e.Use) + " is built instead" }
func (e Erratum) unmended() string { return e.String() + "; " + options(e.Use) + " is without that" }

func options(m map[string]string) string {
	var words []string
	for _, name := range sorted(m) {
		words = append(words, name+" "+m[name])
	}
	return strings.Join(words, ", ")
}
