package recipe_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

var update = flag.Bool("update", false, "write the golden plans anew")

// The plans of the built-in recipes, as they are to be: a change of a recipe shows here as a change of commands.
var plans = map[string]struct {
	recipe string
	config builder.Config
}{
	"demo": {"demo", builder.Config{}},
	"demo-prod": {"demo", builder.Config{
		Workspace: "ours",
		Options:   map[string][]string{"image": {"prod"}, "group": {"beta"}, "format": {"qemu", "vmware"}, "version": {"509.0.0"}},
		Secrets:   map[string]bool{"password": true},
	}},
	"coreos":         {"coreos", builder.Config{}},
	"coreos-522.6.0": {"coreos", builder.Config{Options: map[string][]string{"version": {"522.6.0"}, "jobs": {"8"}}}},
	"coreos-build-509-prod": {"coreos", builder.Config{
		Options: map[string][]string{"branch": {"build-509"}, "image": {"prod"}, "group": {"Alpha"}, "format": {"vmware"}},
		Secrets: map[string]bool{"password": true},
	}},
	"coreos-developer-data": {"coreos", builder.Config{
		Options: map[string][]string{"developer_data": {"cloud-config.yml"}, "board": {"arm64-usr"}},
		Files: map[string][]builder.File{"developer_data": {
			{SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}},
	}},
	"coreos-509.1.0":           {"coreos", builder.Config{Options: map[string][]string{"version": {"509.1.0"}}}},
	"coreos-509.1.0-no-errata": {"coreos", builder.Config{NoErrata: true, Options: map[string][]string{"version": {"509.1.0"}}}},
	// testdata/niftycloud, on the real sources.
	"coreos-509.1.0-niftycloud": {"coreos", builder.Config{
		Workspace: "niftycloud",
		Options:   map[string][]string{"version": {"509.1.0"}, "image": {"prod"}, "group": {"Alpha"}, "format": {"niftycloud"}},
		Adds:      map[string][]string{"format": {"niftycloud"}},
		Files: map[string][]builder.File{
			"oem":     {{Name: "coreos-base/oem-niftycloud/oem-niftycloud-0.0.1.ebuild", SHA256: strings.Repeat("01", 32)}},
			"formats": {{SHA256: strings.Repeat("02", 32)}},
		},
		Secrets: map[string]bool{"password": true},
	}},
	"coreos-766.5.0":   {"coreos", production("766.5.0", "vmware_ova")},
	"coreos-1235.12.0": {"coreos", production("1235.12.0", "niftycloud")},
	"coreos-1632.3.0":  {"coreos", production("1632.3.0", "openstack")},
	"coreos-1745.7.0":  {"coreos", builder.Config{Options: map[string][]string{"version": {"1745.7.0"}}}},
	"coreos-1967.6.0":  {"coreos", production("1967.6.0", "vmware_raw")},
	"coreos-2512.2.0":  {"coreos", production("2512.2.0", "qemu_uefi", "ami_vmdk")},
	"coreos-mirrors": {"coreos", builder.Config{Options: map[string][]string{
		"manifest_url": {"https://git.example/coreos/manifest.git"}, "repo_url": {"https://git.example/git-repo.git"},
		"repo_branch": {"v1.12.37"}, "repo_verify": {"false"}, "manifest_name": {"ours.xml"},
		"sdk_url":         {"https://sdk.example/coreos-sdk-amd64-{version}.tar.bz2"},
		"depot_tools_url": {"https://git.example/depot_tools.git"}, "base_image": {"registry.example:5000/ubuntu:14.04"},
	}}},
}

// production is an official build of a release.
func production(version string, formats ...string) builder.Config {
	return builder.Config{Options: map[string][]string{
		"version": {version}, "image": {"prod"}, "group": {"stable"}, "format": formats}}
}

func TestPlansAreAsTheyWere(t *testing.T) {
	for name, test := range plans {
		t.Run(name, func(t *testing.T) {
			got := encode(t, compile(t, test.recipe, test.config))
			golden := filepath.Join("..", "..", "testdata", "plans", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			wanted, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if difference := cmp.Diff(string(wanted), string(got)); difference != "" {
				t.Errorf("the plan changed; if it was meant to, run go test ./internal/recipe -update\n%s", difference)
			}
		})
	}
}

func TestTheSameInputGivesTheSamePlan(t *testing.T) {
	for name, test := range plans {
		first := encode(t, compile(t, test.recipe, test.config))
		for range 20 { // maps come in another order each time
			if !bytes.Equal(first, encode(t, compile(t, test.recipe, test.config))) {
				t.Fatalf("%s is not the same twice", name)
			}
		}
	}
}

// Each option changes the steps that it concerns, and no other.
func TestAnOptionChangesWhatItConcernsAlone(t *testing.T) {
	all := []string{"sync", "customize", "add_oem", "add_formats", "sdk", "set_shared_user_password", "setup_board", "build_packages", "build_image", "image_to_vm.qemu"}
	for option, test := range map[string]struct {
		value   string
		changed []string
	}{
		"manifest_url": {"https://git.example/m.git", []string{"sync"}},
		"sdk_url":      {"https://sdk.example/sdk.tar.bz2", []string{"sdk"}},
		"group":        {"stable", []string{"build_image"}},
		"board":        {"arm64-usr", []string{"setup_board", "build_packages", "build_image", "image_to_vm.qemu"}},
		"base_image":   {"debian:11", all},
	} {
		before := compile(t, "coreos", builder.Config{Options: map[string][]string{"branch": {"build-522"}}})
		after := compile(t, "coreos", builder.Config{Options: map[string][]string{"branch": {"build-522"}, option: {test.value}}})
		var changed []string
		for i, step := range before.Steps {
			if step.Digest != after.Steps[i].Digest {
				changed = append(changed, step.Name)
			}
		}
		if difference := cmp.Diff(test.changed, changed); difference != "" {
			t.Errorf("%s: %s", option, difference)
		}
	}
}

// compile makes a plan that does not depend on what is in the build contexts.
func compile(t *testing.T, name string, config builder.Config) builder.Plan {
	t.Helper()
	r, err := recipe.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	r.Image.Context, r.Boot.Image.Context = "sha256:the-context", "sha256:the-other-context"
	plan, err := builder.Compile(r, config)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func encode(t *testing.T, plan builder.Plan) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(plan); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
