package recipe_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Every flag that the coreos recipe passes to one of upstream's scripts is one that the script of that release defines,
// and every format that it offers for a release is one that the release has. testdata/upstream/scripts.json says what
// those are: the DEFINE_… lines of coreos/scripts at the named revision, and VALID_IMG_TYPES.
func TestUpstreamsScriptsTakeWhatTheyArePassed(t *testing.T) {
	text, err := os.ReadFile("../../testdata/upstream/scripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var releases map[string]struct {
		Revision string
		Flags    map[string][]string
		Formats  []string
	}
	if err := json.Unmarshal(text, &releases); err != nil {
		t.Fatal(err)
	}
	for version, scripts := range releases {
		t.Run(version, func(t *testing.T) {
			seen := 0
			for _, argv := range everyCommand(t, version, scripts.Formats) {
				i := slices.IndexFunc(argv, func(word string) bool { return strings.HasPrefix(word, "./") })
				if i < 0 {
					continue
				}
				script := strings.TrimPrefix(argv[i], "./")
				defined, ok := scripts.Flags[script]
				if !ok {
					t.Errorf("there is no %s at %s", script, scripts.Revision)
				}
				for _, word := range argv[i+1:] {
					flag, isFlag := strings.CutPrefix(word, "--")
					flag, _, _ = strings.Cut(flag, "=")
					if isFlag && !slices.Contains(defined, flag) {
						t.Errorf("%s of %s has no flag --%s", script, scripts.Revision, flag)
					}
					seen++
				}
			}
			if seen < 10 {
				t.Errorf("only %d words were looked at", seen)
			}
		})
	}
}

// everyCommand is every command of every image of a release, with everything set that can be.
func everyCommand(t *testing.T, version string, formats []string) [][]string {
	var commands [][]string
	for _, image := range []string{"dev", "prod"} {
		if image == "dev" && (strings.HasPrefix(version, "1967") || strings.HasPrefix(version, "2512")) { // it went with 1855
			continue
		}
		plan := compile(t, "coreos", builder.Config{
			Options: map[string][]string{"version": {version}, "image": {image}, "format": formats, "jobs": {"4"}, "developer_data": {"file"}},
			Files:   map[string][]builder.File{"developer_data": {{SHA256: "00"}}},
			Secrets: map[string]bool{"password": true},
		})
		for _, step := range plan.Steps {
			commands = append(commands, step.Commands...)
		}
	}
	return commands
}
