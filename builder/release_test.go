package builder_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
)

// grown is a recipe whose releases differ: dev images went with release 5, raw images came with release 3.
func grown() builder.Recipe {
	r := small()
	r.Options[0].Excludes = nil
	r.Options[2].Releases = map[string]builder.Range{"dev": {Before: "5"}}
	r.Options[3].Releases = map[string]builder.Range{"raw": {Since: "3"}}
	r.Releases = builder.Releases{
		Name: "{{if .version}}{{.version}}{{else}}{{.branch}}{{end}}", Number: `(\d+)`,
		Knows: map[string]builder.Range{"flag": {Since: "2", Before: "4"}}, Tried: []int{1, 2, 3, 4},
	}
	r.Phases[3].Run[0].Argv = []string{"convert", "{{if .knows.flag}}--flag{{end}}", "{{.format}}", "{{.kind}}"}
	r.Errata = []builder.Erratum{{
		Match: map[string]string{"version": "4"}, Phase: "fetch", Wrong: "it is torn", Source: "seen", Use: map[string]string{"version": "3"},
	}}
	return r
}

func planOf(t *testing.T, c builder.Config) builder.Plan {
	t.Helper()
	plan, err := builder.Compile(grown(), c)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func version(v string) builder.Config {
	return builder.Config{Options: map[string][]string{"version": {v}}}
}

func TestReleasesDifferInWhatTheyKnow(t *testing.T) {
	for release, wanted := range map[string][]string{
		"1": {"convert", "qemu", "dev"},
		"2": {"convert", "--flag", "qemu", "dev"},
		"5": {"convert", "qemu", "prod"}, // the default is not there any more
		"":  {"convert", "qemu", "prod"}, // the branch master is newer than every release
	} {
		c := version(release)
		if release == "" {
			c = builder.Config{}
		}
		step, _ := planOf(t, c).Step("convert.qemu")
		if difference := cmp.Diff([][]string{wanted}, step.Commands); difference != "" {
			t.Errorf("release %s: %s", release, difference)
		}
	}
}

func TestWhatAReleaseDoesNotKnowIsRefused(t *testing.T) {
	for wanted, c := range map[string]builder.Config{
		`format "raw" is there since release 3 only`: {Options: map[string][]string{"version": {"2"}, "format": {"raw"}}},
		`kind "dev" is there before release 5 only`:  {Options: map[string][]string{"version": {"6"}, "kind": {"dev"}}},
	} {
		if _, err := builder.Compile(grown(), c); err == nil || err.Error() != wanted {
			t.Errorf("got %v, want %s", err, wanted)
		}
	}
}

func TestAReleaseThatNobodyHasTriedSaysSo(t *testing.T) {
	if notes := planOf(t, version("1")).Notes; notes != nil {
		t.Errorf("got %q", notes)
	}
	if difference := cmp.Diff([]string{"release 7 has not been tried with recipe small"}, planOf(t, version("7")).Notes); difference != "" {
		t.Error(difference)
	}
}

func TestADefectiveReleaseIsMendedOrExplained(t *testing.T) {
	const defect = "version 4 is defective: it is torn (seen); version 3 is "
	mended := planOf(t, version("4"))
	if difference := cmp.Diff([]string{defect + "built instead"}, mended.Notes); difference != "" {
		t.Error(difference)
	}
	if mended.Steps[0].Commands[0][1] != "v3" || mended.Config.Options["version"][0] != "4" {
		t.Errorf("got %v, of %v", mended.Steps[0].Commands, mended.Config)
	}
	c := version("4")
	c.NoErrata = true
	asIs := planOf(t, c)
	if asIs.Steps[0].Commands[0][1] != "v4" || asIs.Steps[0].Defect != defect+"without that" || asIs.Steps[1].Defect != "" {
		t.Errorf("got %+v", asIs.Steps)
	}
	err := &builder.StepError{Step: "fetch", Result: builder.Result{ExitCode: 1}, Defect: asIs.Steps[0].Defect}
	if wanted := "step fetch failed with exit code 1; it is known that " + defect + "without that"; err.Error() != wanted {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsWrongWithReleasesAndErrataIsFound(t *testing.T) {
	if err := grown().Check(); err != nil {
		t.Error(err)
	}
	for wanted, spoil := range map[string]func(*builder.Recipe){
		"recipe small: errata: there is no option colour":                      func(r *builder.Recipe) { r.Errata[0].Use = map[string]string{"colour": "red"} },
		"recipe small: errata: there is no phase paint":                        func(r *builder.Recipe) { r.Errata[0].Phase = "paint" },
		"recipe small: errata: match, wrong, use or source is missing":         func(r *builder.Recipe) { r.Errata[0].Source = "" },
		"recipe small: releases: error parsing regexp: missing closing ): `(`": func(r *builder.Recipe) { r.Releases.Number = "(" },
	} {
		r := grown()
		spoil(&r)
		if err := r.Check(); err == nil || err.Error() != wanted {
			t.Errorf("got %v, want %s", err, wanted)
		}
	}
}

// The parts of a release's number are compared as numbers, and a branch has all releases that begin as it does.
func TestReleasesAreComparedPartByPart(t *testing.T) {
	r := grown()
	r.Options[3].Releases = map[string]builder.Range{"raw": {Since: "2.10", Before: "3", Or: []builder.Range{{Since: "4.4"}}}}
	r.Options[0].Pattern = ""
	r.Releases.Number, r.Releases.Oldest = `(?:b-)?(\d+(?:\.\d+)*)`, "1.2"
	for release, there := range map[string]bool{"2.9.0": false, "2.10": true, "2.10.1": true, "3.0.0": false, "4.3.9": false, "4.4": true, "5.0": true, "b-2": true, "b-3": false, "b-4": true} {
		_, err := builder.Compile(r, builder.Config{Options: map[string][]string{"version": {release}, "format": {"raw"}, "kind": {"prod"}}})
		if (err == nil) != there {
			t.Errorf("release %s: %v", release, err)
		}
	}
	if _, err := builder.Compile(r, version("1.1.9")); err == nil || err.Error() != "version asks for a release before 1.2, the first that recipe small can build" {
		t.Errorf("got %v", err)
	}
}
