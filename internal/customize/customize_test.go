package customize_test

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/customize"
)

var recipe = builder.Recipe{Name: "small", Options: []builder.Option{
	{Name: "mirrors", File: true}, {Name: "packages", File: true}, {Name: "overlays", File: true}, {Name: "patches", File: true}, {Name: "formats", File: true},
	{Name: "format", List: true, Values: []string{"vmware"}},
}}

// overlay is a directory of files, by path; what begins with #! is executable.
func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		path := filepath.Join(directory, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), mode)); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

const ebuild = "EAPI=5\nsrc_install() {\n\tdobin \"${FILESDIR}/run\"\n\tdoins ${FILESDIR}/cloud-config.yml\n}\n"

func good() map[string]string {
	return map[string]string{
		"app-misc/hello/hello-1.0.ebuild":         ebuild,
		"app-misc/hello/files/run":                "#!/bin/bash\n",
		"app-misc/hello/files/cloud-config.yml":   "#cloud-config\nversion-id: @@OEM_VERSION_ID@@\n",
		"coreos-base/oem-x/oem-x-0.0.1-r2.ebuild": "EAPI=5\n",
	}
}

func TestAnOverlayIsReadWhole(t *testing.T) {
	c := customize.Customization{Overlays: []string{overlay(t, good())}}
	inputs, err := c.Inputs(recipe)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, input := range inputs["overlays"] {
		if input.Executable != strings.HasSuffix(input.Name, "/run") {
			t.Errorf("%s: executable %v", input.Name, input.Executable)
		}
		names = append(names, input.Name)
	}
	wanted := []string{"app-misc/hello/files/cloud-config.yml", "app-misc/hello/files/run", "app-misc/hello/hello-1.0.ebuild", "coreos-base/oem-x/oem-x-0.0.1-r2.ebuild"}
	if difference := cmp.Diff(wanted, names); difference != "" || len(inputs) != 1 {
		t.Error(difference)
	}
}

// Where a recipe has a place of their own for them.
func TestOEMPackagesAreSetApart(t *testing.T) {
	apart := recipe
	apart.Options = append(slices.Clone(recipe.Options), builder.Option{Name: "oem", File: true})
	files := good()
	for _, wanted := range []map[string]int{{"overlays": 3, "oem": 1}, {"oem": 1}} {
		c := customize.Customization{Overlays: []string{overlay(t, files)}}
		inputs, err := c.Inputs(apart)
		got := map[string]int{}
		for option := range inputs {
			got[option] = len(inputs[option])
		}
		if difference := cmp.Diff(wanted, got); difference != "" || err != nil || inputs["oem"][0].Name != "coreos-base/oem-x/oem-x-0.0.1-r2.ebuild" {
			t.Errorf("%v, %s", err, difference)
		}
		maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, "app-misc/") })
	}
}

func TestWhatIsWrongWithAnOverlayIsRefused(t *testing.T) {
	for wanted, spoil := range map[string]func(map[string]string){
		`hello-1.0.ebuild" uses files/run, which is not there`: func(f map[string]string) { delete(f, "app-misc/hello/files/run") },
		`hello" has 0 ebuilds; one is needed`:                  func(f map[string]string) { delete(f, "app-misc/hello/hello-1.0.ebuild") },
		`hello" has 2 ebuilds; one is needed`:                  func(f map[string]string) { f["app-misc/hello/hello-2.0.ebuild"] = ebuild },
		`other-1.0.ebuild" is not named other2-VERSION.ebuild`: func(f map[string]string) { f["app-misc/other2/other-1.0.ebuild"] = "" },
		`new-one.ebuild" is not named new-VERSION.ebuild`:      func(f map[string]string) { f["app-misc/new/new-one.ebuild"] = "" },
		`README" is not in a directory CATEGORY/PACKAGE`:       func(f map[string]string) { f["README"] = "" },
		`x.ebuild" is not in a directory CATEGORY/PACKAGE`:     func(f map[string]string) { f["Bad Name/x/x.ebuild"] = "" },
		`files/cloud-config.yml" does not begin with the line`: func(f map[string]string) { f["app-misc/hello/files/cloud-config.yml"] = "a: b\n" },
		`files/cloud-config.yml" is no cloud-config: `:         func(f map[string]string) { f["app-misc/hello/files/cloud-config.yml"] = "#cloud-config\na: [\n" },
	} {
		files := good()
		spoil(files)
		_, err := customize.Customization{Overlays: []string{overlay(t, files)}}.Inputs(recipe)
		var input *builder.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), wanted) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got  %v\nwant …%s", err, wanted)
		}
	}
	directory := overlay(t, good())
	if err := os.Chmod(filepath.Join(directory, "app-misc/hello/files/run"), 0o644); err != nil {
		t.Fatal(err)
	}
	for wanted, c := range map[string]customize.Customization{
		"files/run\" is a script, but not executable": {Overlays: []string{directory}},
		"cannot be read: ":                            {Overlays: []string{directory + "/none"}},
		"holds no packages":                           {Overlays: []string{t.TempDir()}},
		"which another overlay holds too":             {Overlays: []string{overlay(t, good()), overlay(t, good())}},
		"is no project's name":                        {Patches: map[string][]string{"../x": {"p"}}},
		"patches \"/none/p\" cannot be read: ":        {Patches: map[string][]string{"scripts": {"/none/p"}}},
		`formats "Bad" is not a name of`:              {Formats: map[string]customize.Format{"Bad": {}}},
		`formats "a-b" is not a name of`:              {Formats: map[string]customize.Format{"a-b": {}}},
		`is from "floppy", which recipe small does`:   {Formats: map[string]customize.Format{"new": {From: "floppy"}}},
		`has the mem "$(reboot)", which is more than`: {Formats: map[string]customize.Format{"new": {Mem: "$(reboot)"}}},
		`has the oem_use "a b", which is more than`:   {Formats: map[string]customize.Format{"new": {OEMUse: "a b"}}},
		`mirrors "https://a b/" is not the`:           {Mirrors: map[string]string{"https://a b/": "https://c/"}},
		`mirrors "https://a/\"]\n[core]" is not the`:  {Mirrors: map[string]string{"https://b/": "https://a/\"]\n[core]"}},
		`packages "vim" is not of the form`:           {Packages: []string{"vim"}},
		`packages "a/b\"$(x)" is not of the form`:     {Packages: []string{"a/b\"$(x)"}},
		`formats "/none/f" cannot be read`:            {Formats: map[string]customize.Format{"new": {Functions: "/none/f"}}},
	} {
		if _, err := c.Inputs(recipe); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("got  %v\nwant …%s", err, wanted)
		}
	}
	if _, err := (customize.Customization{Overlays: []string{overlay(t, good())}}).Inputs(builder.Recipe{Name: "bare"}); err == nil {
		t.Error("a recipe that takes none is given overlays")
	}
}

// What is written of a format does in bash what upstream's own variables do.
func TestAFormatIsLikeAnotherWhereItSaysNothingElse(t *testing.T) {
	functions := filepath.Join(t.TempDir(), "functions.sh")
	if err := os.WriteFile(functions, []byte("_write_ours_conf() { echo ours; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := customize.Customization{Formats: map[string]customize.Format{"ours": {From: "vmware", ConfFormat: "ours", OEMPackage: "oem-ours", Mem: "2048", Functions: functions}}}
	inputs, err := c.Inputs(recipe)
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\nVALID_IMG_TYPES=( vmware )\nVALID_OEM_PACKAGES=( vmware )\nIMG_vmware_DISK_FORMAT=vmdk_scsi\nIMG_vmware_CONF_FORMAT=vmx\nIMG_vmware_OEM_PACKAGE=oem-vmware\n" +
		string(inputs["formats"][0].Content) +
		"echo ${VALID_IMG_TYPES[*]} ${VALID_OEM_PACKAGES[*]} $IMG_ours_DISK_FORMAT $IMG_ours_CONF_FORMAT $IMG_ours_OEM_PACKAGE $IMG_ours_MEM $(_write_ours_conf) ${IMG_ours_OEM_USE-none}\n"
	out, err := exec.Command("bash", "-c", script).CombinedOutput()
	if wanted := "vmware ours vmware ours vmdk_scsi ours oem-ours 2048 ours none\n"; err != nil || string(out) != wanted {
		t.Errorf("got %q, %v; want %q", out, err, wanted)
	}
	if difference := cmp.Diff(map[string][]string{"format": {"ours"}}, c.Adds()); difference != "" {
		t.Error(difference)
	}
}

func TestTheExampleIsGood(t *testing.T) {
	if _, err := (customize.Customization{Overlays: []string{"../../testdata/niftycloud/overlay"}}).Inputs(recipe); err != nil {
		t.Error(err)
	}
}

// A new OEM package is right from the start, and its scripts are ones that shellcheck finds nothing in.
func TestANewOEMPackageIsGood(t *testing.T) {
	overlay := t.TempDir()
	directory, err := customize.NewOEM("ours", overlay)
	if err != nil {
		t.Fatal(err)
	}
	if packages, err := customize.CheckOverlay(overlay); err != nil || len(packages) != 1 || packages[0] != "coreos-base/oem-ours-0.0.1" {
		t.Errorf("got %q, %v", packages, err)
	}
	files, err := filepath.Glob(filepath.Join(directory, "files", "*"))
	if err != nil || len(files) != 5 {
		t.Errorf("got %q, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(content), "@NAME@") {
			t.Errorf("%s: %v\n%s", file, err, content)
		}
		if _, err := exec.LookPath("shellcheck"); err == nil && strings.HasPrefix(string(content), "#!") {
			if out, err := exec.Command("shellcheck", file).CombinedOutput(); err != nil {
				t.Errorf("%s", out)
			}
		}
	}
}

// Whatever a format is called and says, it is refused, or bash has just that in the variable, and does nothing else.
func FuzzFormat(f *testing.F) {
	for _, value := range []string{"ours", "2048", "vmdk_scsi", "$(touch x)", "a b", "a;b", "'", "\n", "-n", "[0]", ""} {
		f.Add("ours", value)
		f.Add(value, "1024")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		c := customize.Customization{Formats: map[string]customize.Format{name: {DiskFormat: value}}}
		inputs, err := c.Inputs(recipe)
		if err != nil {
			return
		}
		script := "set -eu\n" + string(inputs["formats"][0].Content) + "printf %s \"${VALID_IMG_TYPES[*]} ${IMG_" + name + "_DISK_FORMAT-}\"\n"
		out, err := exec.Command("bash", "-c", script).CombinedOutput()
		if err != nil || string(out) != name+" "+value {
			t.Errorf("%q %q: got %q, %v", name, value, out, err)
		}
	})
}

// Whatever the files of an overlay are called, it is refused, or they are packages of names that portage knows.
func FuzzOverlayNames(f *testing.F) {
	for _, name := range []string{"coreos-base/oem-x/oem-x-1.ebuild", "a/b/b-1.0_p2-r3.ebuild", "a/b/../b-1.ebuild", "A/b/b-1.ebuild", "a/b-1/b-1-1.ebuild", "a/b/b-$(x).ebuild", "a/b/b-1 .ebuild"} {
		f.Add(name)
	}
	portage := regexp.MustCompile(`^[a-z0-9-]+/[A-Za-z0-9+_-]+/[A-Za-z0-9+_.-]+\.ebuild$`)
	f.Fuzz(func(t *testing.T, name string) {
		if !filepath.IsLocal(name) || strings.Contains(name, "\x00") || len(name) > 200 {
			t.Skip("no name of a file")
		}
		directory := t.TempDir()
		path := filepath.Join(directory, name)
		if os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.WriteFile(path, nil, 0o644) != nil {
			t.Skip("no name of a file")
		}
		inputs, err := customize.Customization{Overlays: []string{directory}}.Inputs(recipe)
		if err == nil && !portage.MatchString(inputs["overlays"][0].Name) {
			t.Errorf("%q is taken for a package", inputs["overlays"][0].Name)
		}
	})
}
