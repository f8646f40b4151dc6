package provenance_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/internal/provenance"
)

const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestPackagesAreTakenApart(t *testing.T) {
	for line, want := range map[string]provenance.Package{
		"sys-apps/systemd-215-r4::coreos":                  {"sys-apps", "systemd", "215-r4", "coreos"},
		"sys-apps/busybox-1.35.0::coreos":                  {"sys-apps", "busybox", "1.35.0", "coreos"},
		"sys-libs/glibc-2.19-r1::portage-stable":           {"sys-libs", "glibc", "2.19-r1", "portage-stable"},
		"media-fonts/font-adobe-100dpi-1.0.3::gentoo":      {"media-fonts", "font-adobe-100dpi", "1.0.3", "gentoo"},
		"dev-db/sqlite-3.8.6":                              {"dev-db", "sqlite", "3.8.6", ""},
		"net-misc/openssh-6.6_p1-r1::portage-stable":       {"net-misc", "openssh", "6.6_p1-r1", "portage-stable"},
		"x11-libs/gtk+-2.24.24::gentoo":                    {"x11-libs", "gtk+", "2.24.24", "gentoo"},
		"sys-boot/grub-2.02_beta2_p20130717-r1::coreos":    {"sys-boot", "grub", "2.02_beta2_p20130717-r1", "coreos"},
		"virtual/libusb-1-r1::portage-stable":              {"virtual", "libusb", "1-r1", "portage-stable"},
		"coreos-base/coreos-0.0.1-r283::coreos":            {"coreos-base", "coreos", "0.0.1-r283", "coreos"},
		"dev-libs/openssl-1.0.1j::x-local":                 {"dev-libs", "openssl", "1.0.1j", "x-local"},
		"sys-kernel/coreos-kernel-3.17.2-r2::coreos":       {"sys-kernel", "coreos-kernel", "3.17.2-r2", "coreos"},
		"app-emulation/open-vm-tools-9.4.6_p1770165::core": {"app-emulation", "open-vm-tools", "9.4.6_p1770165", "core"},
	} {
		got, err := provenance.ParsePackages(line + "\n")
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %+v, %v", line, got, err)
		} else if got[0].String() != line {
			t.Errorf("%s became %s", line, got[0])
		}
	}
}

func TestBadListsOfPackagesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "it lists no package",
		"\n":                                "it lists no package",
		"a/b-1\n * Searching\n":             `line 2: " * Searching" is not of the form`,
		"systemd-215::coreos\n":             "line 1",
		"sys-apps/systemd::coreos\n":        "line 1",
		"sys-apps/systemd-r4::coreos\n":     "line 1",
		"../etc/passwd-1::coreos\n":         "line 1",
		"a/b-1::\n":                         "line 1",
		"a/b-1::x y\n":                      "line 1",
		"a/b-1\x1b[2J::coreos\n":            `\x1b`,
		"a/b-1::coreos\r\na/b-1::coreos\n":  "line 2: \"a/b-1::coreos\" comes twice",
		"\x1b[32msys-apps/b-1\x1b[m::x\n\n": "line 1",
	} {
		if got, err := provenance.ParsePackages(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, not %q", text, got, err, want)
		}
	}
}

func FuzzParsePackages(f *testing.F) {
	f.Add("sys-apps/systemd-215-r4::coreos\nvirtual/libusb-1-r1::portage-stable\n")
	f.Add("dev-db/sqlite-3.8.6\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		packages, err := provenance.ParsePackages(text)
		if err != nil {
			return
		}
		for _, p := range packages {
			if !strings.Contains(text, p.String()) {
				t.Errorf("%q is nowhere in %q", p, text)
			}
			again, err := provenance.ParsePackages(p.String())
			if err != nil || again[0] != p {
				t.Errorf("%q is read again as %v, %v", p, again, err)
			}
		}
	})
}

func TestSumsAreWrittenInOrder(t *testing.T) {
	text := provenance.FormatSums([]provenance.Sum{{digest, "b"}, {digest, "a c"}})
	if want := digest + "  a c\n" + digest + "  b\n"; string(text) != want {
		t.Errorf("got %q", text)
	}
}

func TestBadSumsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        "it is empty",
		digest + "  a":                            "it was cut off",
		digest + " *a\n":                          "line 1 is not",
		digest[1:] + "  a\n":                      "line 1 is not",
		strings.ToUpper(digest) + "  a\n":         "line 1 is not",
		"\\" + digest + "  a\\nb\n":               "line 1 is not",
		digest + "  a\n\n":                        "line 2 is not",
		digest + "  ../a\n":                       `"../a" is not a file name`,
		digest + "  /etc/passwd\n":                "is not a file name",
		digest + "  below/a\n":                    "is not a file name",
		digest + "  .\n":                          "is not a file name",
		digest + "  ..\n":                         "is not a file name",
		digest + "  \n":                           "is not a file name",
		digest + "  a\\b\n":                       "is not a file name",
		digest + "  a\x1b[2J\n":                   `holds what is no text`,
		digest + "  a\xff\n":                      "holds what is no text",
		digest + "  a.part\n":                     "is not whole",
		digest + "  SHA256SUMS.build\n":           "cannot be in a list",
		digest + "  SHA256SUMS.sig\n":             "cannot be in a list",
		digest + "  a\n" + digest + "  a\n":       `line 2: "a" comes twice`,
		digest + "  a\n" + digest[:63] + "g  b\n": "line 2 is not",
	} {
		if got, err := provenance.ParseSums([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, not %q", text, got, err, want)
		}
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(digest + "  coreos_production_image.bin\n" + digest + "  version.txt\n"))
	f.Add([]byte(digest + "  ../up\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, err := provenance.ParseSums(text)
		if err != nil {
			return
		}
		for _, sum := range sums {
			if strings.ContainsAny(sum.Name, "/\\\x00\n\x1b") || sum.Name == ".." {
				t.Errorf("the name %q is taken", sum.Name)
			}
		}
		again, err := provenance.ParseSums(provenance.FormatSums(sums))
		byName := func(a, b provenance.Sum) int { return strings.Compare(a.Name, b.Name) }
		slices.SortFunc(sums, byName)
		if err != nil || cmp.Diff(sums, again) != "" {
			t.Errorf("read again: %v, %v", again, err)
		}
	})
}

const (
	commit1 = "5efe824a70680000000000000000000000000001"
	commit2 = "8e29a3ba96310000000000000000000000000002"
)

const manifest = `<?xml version="1.0" encoding="UTF-8"?>
<manifest>
  <notice>Your sources have been sync'd successfully.</notice>
  <remote fetch=".." name="github" review="x"/>
  <remote fetch="https://user:token@mirror.example.org/" name="cros"/>
  <default remote="github" revision="refs/heads/master" sync-j="4"/>
  <project groups="minilayout" name="coreos/scripts" path="src/scripts" revision="` + commit1 + `" upstream="master"/>
  <project groups="minilayout" name="chromiumos/chromite" path="chromite" remote="cros" revision="` + commit2 + `">
    <copyfile dest="x" src="y"/>
  </project>
</manifest>
`

func TestAManifestIsRead(t *testing.T) {
	got, err := provenance.ParseManifest([]byte(manifest), "https://github.com/coreos/manifest.git")
	want := []provenance.Project{
		{Name: "chromiumos/chromite", Path: "chromite", Commit: commit2, URL: "https://user:token@mirror.example.org/chromiumos/chromite"},
		{Name: "coreos/scripts", Path: "src/scripts", Commit: commit1, URL: "https://github.com/coreos/scripts"},
	}
	if difference := cmp.Diff(want, got); difference != "" || err != nil {
		t.Error(difference, err)
	}
	if got, err := provenance.ParseManifest([]byte(manifest), ""); err != nil || got[1].URL != "" {
		t.Errorf("where the URL is not known: %v, %v", got, err)
	}
}

func TestBadManifestsAreRefused(t *testing.T) {
	one := `<project name="a" revision="` + commit1 + `"/>`
	for text, want := range map[string]string{
		"":                                "not XML",
		"<html/>":                         "not XML of repo's",
		"<manifest>":                      "not XML",
		"<manifest><include/></manifest>": "builds on other manifests",
		"<manifest><remove-project name=\"a\"/></manifest>":          "builds on other manifests",
		`<manifest><project name="a" revision="master"/></manifest>`: `project "a" is at "master"`,
		`<manifest><project revision="` + commit1 + `"/></manifest>`: `project ""`,
		`<manifest>` + one + one + `</manifest>`:                     `two projects are at "a"`,
		`<manifest>` + one + `</manifest><manifest/>`:                "something comes after it",
		`<manifest>` + one + `</manifest>x`:                          "something comes after it",
		"<!DOCTYPE m [<!ENTITY e \"x\">]><manifest>&e;</manifest>":   "not XML",
	} {
		if got, err := provenance.ParseManifest([]byte(text), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, not %q", text, got, err, want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(manifest), "https://github.com/coreos/manifest.git")
	f.Add([]byte(`<manifest><remote name="r" fetch="../../../.."/><default remote="r"/></manifest>`), "a")
	f.Fuzz(func(t *testing.T, text []byte, url string) {
		projects, err := provenance.ParseManifest(text, url)
		if err != nil {
			return
		}
		for _, p := range projects {
			if len(p.Commit) != 40 || p.Name == "" || !bytes.Contains(text, []byte(p.Commit)) {
				t.Errorf("got %+v", p)
			}
		}
	})
}
