package provenance_test

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestDocumentsAreAsTheGoldens(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{Digests: true})
	got := tree(t, directory)
	for _, name := range []string{"SHA256SUMS", "SHA256SUMS.build", "plan.json", "manifest.xml", "provenance.json", "sbom.cdx.json", "version.txt.DIGESTS"} {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, []byte(got[name]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if difference := cmp.Diff(string(want), got[name]); difference != "" {
			t.Errorf("%s (go test -update writes it anew): %s", name, difference)
		}
	}
	for name, text := range got {
		if strings.Contains(text, "token") {
			t.Errorf("%s holds a token", name)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(text)) {
			t.Errorf("%s is not JSON", name)
		}
		if strings.HasSuffix(name, ".part") {
			t.Errorf("%s was left", name)
		}
	}
}

func TestTheSameBuildGivesTheSameBytes(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{Digests: true})
	first := tree(t, directory)
	for range 5 {
		slices.Reverse(files)
		write(t, root, files, provenance.Options{Digests: true})
		if difference := cmp.Diff(first, tree(t, directory)); difference != "" {
			t.Fatal(difference)
		}
	}
}

// What differs from build to build stands in the second list alone.
func TestTwoBuildsOfTheSameHaveTheSameChecksums(t *testing.T) {
	var lists [2]string
	for i := range lists {
		directory, root, files := results(t, contents())
		b := build()
		if i == 1 {
			b.Plan.Workspace, b.Plan.Config.Workspace, b.Invocation, b.Engine = "other", "other", "another", "Podman 5"
			b.Finished, b.ImageID, b.Manifest = b.Finished.Add(time.Hour), "", nil
		}
		if err := provenance.Write(context.Background(), root, b, files, provenance.Options{Digests: true}); err != nil {
			t.Fatal(err)
		}
		got := tree(t, directory)
		lists[i] = got["SHA256SUMS"]
		if !strings.Contains(got["SHA256SUMS.build"], hash(lists[i])+"  SHA256SUMS\n") || !strings.Contains(lists[i], "  version.txt.DIGESTS\n") {
			t.Errorf("the lists are %q", []string{lists[i], got["SHA256SUMS.build"]})
		}
	}
	if difference := cmp.Diff(lists[0], lists[1]); difference != "" {
		t.Error(difference)
	}
}

func TestRealToolsSayTheSame(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{Digests: true})
	for _, call := range [][]string{{"sha256sum", "--check", "--strict", "SHA256SUMS"}, {"sha256sum", "--check", "--strict", "SHA256SUMS.build"}} {
		run(t, directory, call...)
	}
	for _, file := range files {
		text := tree(t, directory)[file.Name+".DIGESTS"]
		for i, tool := range []string{"md5sum", "sha1sum", "sha512sum"} {
			lines := strings.Split(text, "\n")
			if want := "# " + strings.ToUpper(strings.TrimSuffix(tool, "sum")) + " HASH"; lines[2*i] != want {
				t.Errorf("%s: %q, not %q", file.Name, lines[2*i], want)
			}
			sums := filepath.Join(t.TempDir(), "sums")
			if err := os.WriteFile(sums, []byte(lines[2*i+1]+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, directory, tool, "--check", "--strict", sums)
		}
	}
}

func run(t *testing.T, directory string, call ...string) {
	t.Helper()
	if _, err := exec.LookPath(call[0]); err != nil {
		t.Skip(err)
	}
	command := exec.Command(call[0], call[1:]...)
	command.Dir = directory
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", call, err, out)
	}
}

func TestWhatAnEarlierBuildLeftGoes(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{Digests: true})
	outside := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(outside, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"SHA256SUMS.asc", "SHA256SUMS.sig", "SHA256SUMS.build.asc", "SHA256SUMS.build.sig", "plan.json.part"} {
		if err := os.Symlink(outside, filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	b := build()
	b.Manifest = nil
	if err := provenance.Write(context.Background(), root, b, files, provenance.Options{}); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Collect(maps.Keys(contents())), "SHA256SUMS", "SHA256SUMS.build", "plan.json", "provenance.json", "sbom.cdx.json")
	slices.Sort(want)
	if difference := cmp.Diff(want, slices.Sorted(maps.Keys(tree(t, directory)))); difference != "" {
		t.Error(difference)
	}
	if content, err := os.ReadFile(outside); err != nil || string(content) != "mine" {
		t.Errorf("a link was followed: %q, %v", content, err)
	}
}

func TestWhatCannotBeReadIsLeftOutAndSaid(t *testing.T) {
	for what, broken := range map[string]func(map[string]string, *provenance.Build){
		"sbom.cdx.json is missing: coreos_production_image_packages.txt: line 1": func(c map[string]string, _ *provenance.Build) {
			c["coreos_production_image_packages.txt"] = "nonsense\n"
		},
		"provenance.json leaves out the projects of the manifest: it is not XML": func(_ map[string]string, b *provenance.Build) {
			b.Manifest = []byte("nonsense")
		},
	} {
		c, b := contents(), build()
		broken(c, &b)
		directory, root, files := results(t, c)
		var noticed string
		write := provenance.Options{Notice: func(text string) { noticed += text }}
		if err := provenance.Write(context.Background(), root, b, files, write); err != nil || !strings.HasPrefix(noticed, what) {
			t.Errorf("got %v and %q, not %q", err, noticed, what)
		}
		if found, err := provenance.Verify(context.Background(), root, nil, began); err != nil || !found.Good() {
			t.Errorf("%s: the rest is not good: %v, %v, %v", what, found.Problems, err, slices.Sorted(maps.Keys(tree(t, directory))))
		}
	}
}

func TestArtefactsThatCannotBeListedAreRefused(t *testing.T) {
	good := artifact.File{Name: "a", SHA256: digest}
	for what, files := range map[string][]artifact.File{
		"no artefact":                 {},
		"twice":                       {good, good},
		"uses itself":                 {{Name: "plan.json", SHA256: digest}},
		"a.DIGESTS":                   {good, {Name: "a.DIGESTS", SHA256: digest}},
		"cannot be in a list":         {{Name: "SHA256SUMS.asc", SHA256: digest}},
		"has no checksum":             {{Name: "a"}},
		"not a file name":             {{Name: "../a", SHA256: digest}},
		"the name \"a\\u009b\" holds": {{Name: "a\u009b", SHA256: digest}},
	} {
		directory, root, _ := results(t, nil)
		err := provenance.Write(context.Background(), root, build(), files, provenance.Options{})
		if err == nil || !strings.Contains(err.Error(), what) || len(tree(t, directory)) > 0 {
			t.Errorf("%s: got %v, %v", what, err, tree(t, directory))
		}
	}
}

func TestAWriteThatIsStoppedVouchesForNothing(t *testing.T) {
	directory, root, files := results(t, contents())
	write(t, root, files, provenance.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := provenance.Write(ctx, root, build(), files, provenance.Options{Digests: true}); err == nil {
		t.Error("it says that all is well")
	}
	for _, list := range []string{"SHA256SUMS", "SHA256SUMS.build"} {
		if _, err := os.Stat(filepath.Join(directory, list)); err == nil {
			t.Errorf("there is %s", list)
		}
	}
}
