package builder

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Releases says how the releases of an operating system are told apart, and what they differ in. A release is known by
// its number, such as 1235.10.0; a branch that is named after the first part of one has all of that part, and counts as the
// last of them.
type Releases struct {
	// Name is a template: the name of the release that is built.
	Name string `yaml:"name"`
	// Number is a regular expression whose first group is the number in a whole name. What does not match, such as the
	// branch master, counts as newer than every release.
	Number string `yaml:"number"`
	// Oldest is the first release that the recipe can build; empty is any.
	Oldest string `yaml:"oldest"`
	// Knows tells which releases have something. In templates {{.knows.x}} is true or false.
	Knows map[string]Range `yaml:"knows"`
	// Tried are the first parts of the numbers of releases that the recipe has been tried with.
	Tried []int `yaml:"tried"`
}

// Range is a range of releases. What is empty is open.
type Range struct {
	// Since is the first release of the range, Before the first after it.
	Since  string `yaml:"since"`
	Before string `yaml:"before"`
	// Or are further ranges.
	Or []Range `yaml:"or"`
}

func (r Range) has(release release) bool {
	if (r.Since == "" || release.compare(r.Since) >= 0) && (r.Before == "" || release.compare(r.Before) < 0) {
		return true
	}
	return slices.ContainsFunc(r.Or, func(other Range) bool { return other.has(release) })
}

// String says which releases a range holds.
func (r Range) String() string {
	var words []string
	if r.Since != "" {
		words = append(words, "since release "+r.Since)
	}
	if r.Before != "" {
		words = append(words, "before release "+r.Before)
	}
	all := []string{strings.Join(words, " and ")}
	for _, other := range r.Or {
		all = append(all, other.String())
	}
	return strings.Join(all, ", or ")
}

// check refuses a range whose ends are no numbers of releases.
func (r Range) check() error {
	for _, end := range []string{r.Since, r.Before} {
		if _, ok := parseRelease(end); end != "" && !ok {
			return fmt.Errorf("%q is no number of a release", end)
		}
	}
	for _, other := range r.Or {
		if err := other.check(); err != nil {
			return err
		}
	}
	return nil
}

// release is the number of a release, part by part.
type release []int

// newest is what is newer than every release.
var newest = release{math.MaxInt}

func parseRelease(text string) (release, bool) {
	var r release
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		r = append(r, n)
	}
	return r, true
}

// compare is less than, equal to or greater than 0, as the release comes before, is, or comes after another.
func (r release) compare(other string) int {
	parts, _ := parseRelease(other)
	for i := range max(len(r), len(parts)) {
		if difference := cmp.Compare(r.part(i), parts.part(i)); difference != 0 {
			return difference
		}
	}
	return 0
}

func (r release) part(i int) int {
	if i < len(r) {
		return r[i]
	}
	return 0
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

// release is the number of the release that option values ask for.
func (r Recipe) release(values map[string]any) (release, error) {
	name, err := expand(r.Releases.Name, values)
	if err != nil {
		return nil, err
	}
	return r.Releases.number(name)
}

// number is the number in a release's name. A name with one part alone stands for all that begin so.
func (r Releases) number(name string) (release, error) {
	pattern, err := regexp.Compile(`^(?:` + r.Number + `)$`)
	if err != nil {
		return nil, err
	}
	found := pattern.FindStringSubmatch(name)
	if len(found) < 2 {
		return newest, nil
	}
	number, ok := parseRelease(found[1])
	if !ok {
		return nil, fmt.Errorf("number: %q in %q is no number of a release", found[1], name)
	}
	if len(number) == 1 {
		number = append(number, math.MaxInt)
	}
	return number, nil
}

// checkRelease refuses a release that is older than the recipe can build.
func (r Recipe) checkRelease(number release) error {
	if r.Releases.Oldest == "" || number.compare(r.Releases.Oldest) >= 0 {
		return nil
	}
	return &InputError{Option: "version", Reason: fmt.Sprintf("asks for a release before %s, the first that recipe %s can build",
		r.Releases.Oldest, r.Name)}
}

// knows is what a release knows, for templates.
func (r Recipe) knows(release release) map[string]any {
	known := map[string]any{}
	for name, which := range r.Releases.Knows {
		known[name] = which.has(release)
	}
	return known
}

// notes are what a user is to know before a release is built.
func (r Recipe) notes(release release) []string {
	if r.Releases.Tried == nil || slices.Equal(release, newest) || slices.Contains(r.Releases.Tried, release[0]) {
		return nil
	}
	return []string{fmt.Sprintf("release %d has not been tried with recipe %s", release[0], r.Name)}
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
