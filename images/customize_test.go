package images_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkout is a directory with two projects of git's, as repo leaves them, and a board's root.
type checkout struct {
	t         *testing.T
	directory string
	env       []string
}

func newCheckout(t *testing.T) checkout {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	c := checkout{t, t.TempDir(), append(programs(t, map[string]string{"sudo": "#!/bin/sh\nexec \"$@\"\n"}), "HOME="+t.TempDir(),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")}
	c.write(".repo/project.list", "chromite\nsrc/third_party/coreos-overlay\n")
	c.write(".coreos-builder/steps/sync.stamp", "")
	c.write("src/scripts/build_library/vm_image_util.sh", "")
	c.write("chromite/PRESUBMIT.cfg", "one\n")
	c.write("src/third_party/coreos-overlay/coreos-base/coreos/coreos-1.0-r2.ebuild", "EAPI=5\n")
	for _, project := range []string{"chromite", "src/third_party/coreos-overlay"} {
		c.run("git", "-C", project, "init", "--quiet")
		c.run("git", "-C", project, "add", "--all")
		c.run("git", "-C", project, "commit", "--quiet", "--message=all")
	}
	return c
}

func (c checkout) write(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.directory, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// run runs a command, and returns all that it printed.
func (c checkout) run(argv ...string) string {
	c.t.Helper()
	command := exec.Command(argv[0], argv[1:]...)
	command.Dir, command.Env = c.directory, c.env
	out, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// tool runs one of the tools in the checkout.
func (c checkout) tool(name string, arguments ...string) string {
	c.t.Helper()
	out, err := c.command(name, arguments...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %q: %v\n%s", name, arguments, err, out)
	}
	return string(out)
}

func (c checkout) command(name string, arguments ...string) *exec.Cmd {
	c.t.Helper()
	path, err := filepath.Abs(filepath.Join("tools", name))
	if err != nil {
		c.t.Fatal(err)
	}
	command := exec.Command("bash", append([]string{path}, arguments...)...)
	command.Dir, command.Env = c.directory, c.env
	return command
}

func (c checkout) there(name string) bool {
	_, err := os.Stat(filepath.Join(c.directory, name))
	return err == nil
}

// What was built of a changed package is forgotten, and nothing else is: also where it is the list of packages that changed,
// or a file that is no package's.
func TestWhatWasChangedIsForgotten(t *testing.T) {
	c := newCheckout(t)
	c.write("packages", "app-misc/mine\n")
	c.write("patches/chromite/one.patch", "--- a/PRESUBMIT.cfg\n+++ b/PRESUBMIT.cfg\n@@ -1 +1 @@\n-one\n+two\n")
	c.write("chromite/.git/index.lock", "") // of a run that was killed
	c.run("sh", "-c", "mkdir -p .repo/projects && mv chromite/.git .repo/projects/chromite.git && ln -s ../.repo/projects/chromite.git chromite/.git")
	c.tool("customize", "--packages=packages", "--patches=patches")
	noted, err := os.ReadFile(filepath.Join(c.directory, ".coreos-builder", "overlaid"))
	if err != nil || string(noted) != "coreos-base/coreos-1.0-r1002\n" {
		t.Errorf("noted is %q, %v", noted, err)
	}
	c.write(".coreos-builder/overlaid", "\nsys-apps/*\n"+string(noted)) // an earlier version of this program noted such
	const db, packages = "chroot/build/board/var/db/pkg/", "chroot/build/board/var/lib/portage/pkgs/"
	for _, name := range []string{"coreos-base/coreos-1.0-r1002", "sys-apps/baselayout-1.0"} {
		c.write(db+name+"/CONTENTS", "")
		c.write(packages+name+".tbz2", "")
	}
	c.tool("forget-packages", "board")
	for _, gone := range []string{db + "coreos-base/coreos-1.0-r1002", packages + "coreos-base/coreos-1.0-r1002.tbz2"} {
		if c.there(gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	for _, kept := range []string{db + "sys-apps/baselayout-1.0", packages + "sys-apps/baselayout-1.0.tbz2"} {
		if !c.there(kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	if text, err := os.ReadFile(filepath.Join(c.directory, "chromite", "PRESUBMIT.cfg")); err != nil || !strings.Contains(string(text), "two") {
		t.Errorf("the patch is not there: %q, %v", text, err)
	}
}

// OEM packages come and go by themselves. What was built of those that were changed is forgotten, once, and nothing else is.
func TestOEMPackagesComeAndGo(t *testing.T) {
	const overlay, built = "src/third_party/coreos-overlay/coreos-base/", "chroot/build/board/var/lib/portage/pkgs/coreos-base/"
	c := newCheckout(t)
	c.write(overlay+"oem-theirs/oem-theirs-1.ebuild", "EAPI=5\n")
	c.write(overlay+"oem-both/oem-both-1.ebuild", "EAPI=5\n")
	c.run("git", "-C", overlay, "add", "--all")
	c.run("git", "-C", overlay, "commit", "--quiet", "--message=oem")
	c.write("patches/coreos-overlay/one.patch", "--- a/coreos-base/oem-theirs/oem-theirs-1.ebuild\n+++ b/coreos-base/oem-theirs/oem-theirs-1.ebuild\n@@ -1 +1 @@\n-EAPI=5\n+EAPI=6\n")
	c.write("oem/coreos-base/oem-both/oem-both-2.ebuild", "EAPI=6\n")
	c.write("oem/coreos-base/oem-ours/oem-ours-1.ebuild", "EAPI=6\n")

	if out, err := c.command("add-oem").CombinedOutput(); err == nil || !strings.Contains(string(out), "run that again") || !c.there(overlay+"oem-both") {
		t.Errorf("before customize it says %s, %v", out, err)
	}
	c.tool("customize", "--patches=patches")
	status := func() string {
		return c.run("git", "-C", overlay, "status", "--short", "--no-renames", "--untracked-files=all", ".")
	}
	if out, want := c.tool("add-oem", "oem"), "Added coreos-base/oem-both-2\nAdded coreos-base/oem-ours-1\n"; out != want {
		t.Errorf("it says %q", out)
	}
	if got, want := status(), " D oem-both/oem-both-1.ebuild\n M oem-theirs/oem-theirs-1.ebuild\n?? oem-both/oem-both-2.ebuild\n?? oem-ours/oem-ours-1.ebuild\n"; got != want {
		t.Errorf("with them the tree is %q", got)
	}
	forgets := func(gone ...string) {
		t.Helper()
		for _, name := range []string{"oem-theirs-1", "oem-both-2", "oem-ours-1", "oem-other-1", "coreos-1.0-r2"} {
			c.write(built+name+".tbz2", "")
		}
		c.tool("forget-packages", "--stale", "board")
		for _, name := range []string{"oem-theirs-1", "oem-both-2", "oem-ours-1", "oem-other-1", "coreos-1.0-r2"} {
			if c.there(built+name+".tbz2") == slices.Contains(gone, name) {
				t.Errorf("of %s it is not as it should be; forgotten were to be %q", name, gone)
			}
		}
	}
	forgets("oem-theirs-1", "oem-both-2", "oem-ours-1")
	forgets()

	c.tool("add-oem")
	if got, want := status(), " M oem-theirs/oem-theirs-1.ebuild\n"; got != want {
		t.Errorf("without them the tree is %q", got)
	}
	forgets("oem-theirs-1", "oem-both-2", "oem-ours-1")
	c.tool("customize")
	c.tool("add-oem")
	if got := status(); got != "" {
		t.Errorf("without anything the tree is %q", got)
	}
}

// A package of a version that upstream has too may never be built: portage takes upstream's binary package for it.
func TestUpstreamsVersionIsTold(t *testing.T) {
	const told = "Upstream has a coreos-base/coreos-1.0-r2 too"
	c := newCheckout(t)
	c.write("patches/coreos-overlay/one.patch", "--- a/coreos-base/coreos/coreos-1.0-r2.ebuild\n+++ b/coreos-base/coreos/coreos-1.0-r2.ebuild\n@@ -1 +1 @@\n-EAPI=5\n+EAPI=6\n")
	c.write("same/coreos-base/coreos/coreos-1.0-r2.ebuild", "EAPI=6\n")
	c.write("newer/coreos-base/coreos/coreos-1.0-r3.ebuild", "EAPI=6\n")
	c.write("newer/app-misc/mine/mine-1.0.ebuild", "EAPI=6\n")
	for argument, wanted := range map[string]bool{"--patches=patches": true, "--overlays=same": true, "--overlays=newer": false} {
		if out := c.tool("customize", argument); strings.Contains(out, told) != wanted {
			t.Errorf("%s: %s", argument, out)
		}
	}
}
