package provenance_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/coreos-builder/coreos-builder/internal/provenance"
	"github.com/coreos-builder/coreos-builder/internal/signature"
)

// keys are a signer, and the public key of it.
func keys(t testing.TB) (*signature.Signer, *signature.Key) {
	t.Helper()
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err1 := ssh.MarshalPrivateKey(secret, "")
	pub, err2 := ssh.NewPublicKey(public)
	directory := t.TempDir()
	at := func(name string) string { return filepath.Join(directory, name) }
	if err := errors.Join(err1, err2, os.WriteFile(at("id"), pem.EncodeToMemory(block), 0o600),
		os.WriteFile(at("id.pub"), ssh.MarshalAuthorizedKey(pub), 0o600)); err != nil {
		t.Fatal(err)
	}
	signer, err1 := signature.LoadSigner(at("id"), "", began)
	key, err2 := signature.LoadKey(at("id.pub"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return signer, key
}

func verify(t testing.TB, root *os.Root, key *signature.Key) provenance.Report {
	t.Helper()
	found, err := provenance.Verify(context.Background(), root, key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatWasWrittenIsGood(t *testing.T) {
	signer, key := keys(t)
	made := contents()
	made["coreos_production_image.bin.zst"] = "\x28\xb5\x2f\xfd"
	made["coreos_production_qemu_image.img.gz"] = "\x1f\x8b"
	_, root, files := results(t, made)
	write(t, root, files, provenance.Options{Digests: true, Signer: signer})
	for _, key := range []*signature.Key{nil, key} {
		found := verify(t, root, key)
		if !found.Good() || len(found.Signatures) != 2 || found.Signatures[0].Trusted != (key != nil) || found.Signatures[1].Trusted != (key != nil) {
			t.Errorf("got %+v", found)
		}
	}
	found := verify(t, root, key)
	kinds := map[string]string{}
	for _, file := range found.Files {
		kinds[file.Name] = file.Kind
		if file.State != provenance.Good || file.Size == 0 {
			t.Errorf("got %+v", file)
		}
	}
	for name, want := range map[string]string{
		"coreos_production_image.bin":          "raw disk image with a GPT",
		"coreos_production_qemu_image.img":     "disk image in qcow2",
		"coreos_production_image_packages.txt": "list of packages",
		"coreos_production_image.bin.zst":      "raw image, compressed by zstd",
		"coreos_production_qemu_image.img.gz":  "data compressed by gzip",
		"version.txt":                          "version",
		"version.txt.DIGESTS":                  "checksums (MD5, SHA-1, SHA-512)",
		"plan.json":                            "build plan",
		"manifest.xml":                         "manifest of the sources",
		"sbom.cdx.json":                        "list of components (SBOM, CycloneDX)",
		"provenance.json":                      "provenance (SLSA, in-toto)",
	} {
		if kinds[name] != want {
			t.Errorf("%s is said to be %q, not %q", name, kinds[name], want)
		}
	}
	if o := found.Origin; o == nil || o.Recipe != "coreos" || o.Invocation != "run2" || !o.Started.Equal(began) || o.Materials != 11 {
		t.Errorf("got %+v", o)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	signer, key := keys(t)
	other, _ := keys(t)
	sign := func(t *testing.T, directory string, signer *signature.Signer) (err error) {
		for _, list := range []string{"SHA256SUMS", "SHA256SUMS.build"} {
			sums, err1 := os.ReadFile(filepath.Join(directory, list))
			signed, err2 := signer.Sign(sums, began)
			err = errors.Join(err, err1, err2, os.WriteFile(filepath.Join(directory, list+".sig"), signed, 0o644))
		}
		return err
	}
	replace := func(path, old, new string) error {
		text, err := os.ReadFile(path)
		if err == nil && !strings.Contains(string(text), old) {
			err = errors.New(path + " has no " + old)
		}
		return errors.Join(err, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o644))
	}
	for what, c := range map[string]struct {
		spoil func(t *testing.T, at func(string) string) error
		want  string
	}{
		"a byte": {func(_ *testing.T, at func(string) string) error {
			return replace(at("version.txt"), "522.6.0", "522.6.1")
		},
			"version.txt has changed: its SHA-256 is "},
		"a missing file": {func(_ *testing.T, at func(string) string) error { return os.Remove(at("version.txt")) },
			"version.txt is missing"},
		"an extra file": {func(_ *testing.T, at func(string) string) error { return os.WriteFile(at("more"), nil, 0o644) },
			"more is neither in SHA256SUMS nor in SHA256SUMS.build: it was not built with the rest"},
		"an extra directory": {func(_ *testing.T, at func(string) string) error { return os.Mkdir(at("more"), 0o755) },
			"more is neither in SHA256SUMS nor in SHA256SUMS.build"},
		"half a file": {func(_ *testing.T, at func(string) string) error { return os.WriteFile(at("a.part"), nil, 0o644) },
			"a.part is half a file"},
		"a link": {func(_ *testing.T, at func(string) string) error {
			return errors.Join(os.Rename(at("version.txt"), at("v")), os.Symlink("v", at("version.txt")))
		}, "version.txt is not a plain file"},
		"a pipe": {func(_ *testing.T, at func(string) string) error {
			return errors.Join(os.Remove(at("version.txt")), syscall.Mkfifo(at("version.txt"), 0o644))
		}, "version.txt is not a plain file"},
		"no sums": {func(_ *testing.T, at func(string) string) error { return os.Remove(at("SHA256SUMS")) },
			"SHA256SUMS is missing: nothing says what is to be there"},
		"bad sums": {func(_ *testing.T, at func(string) string) error {
			return os.WriteFile(at("SHA256SUMS"), []byte("x\n"), 0o644)
		},
			"SHA256SUMS cannot be used: line 1 is not"},
		"no sums of the build": {func(_ *testing.T, at func(string) string) error { return os.Remove(at("SHA256SUMS.build")) },
			"SHA256SUMS.build is missing: nothing says what is to be there"},
		"another build's sums": {func(_ *testing.T, at func(string) string) error {
			return replace(at("SHA256SUMS"), "version.txt", "version.md")
		},
			"SHA256SUMS has changed: its SHA-256 is "},
		"sums that nothing covers": {func(t *testing.T, at func(string) string) error {
			return errors.Join(move(at("SHA256SUMS.build"), at("none"), "SHA256SUMS"), os.Remove(at("none")), sign(t, at(""), signer))
		}, "SHA256SUMS.build does not list SHA256SUMS: they may be of two builds"},
		"a file in both lists": {func(t *testing.T, at func(string) string) error {
			return errors.Join(copyLine(at("SHA256SUMS"), at("SHA256SUMS.build"), "version.txt"), sign(t, at(""), signer))
		}, `SHA256SUMS.build lists "version.txt", which has its place in SHA256SUMS`},
		"the plan among the artefacts": {func(t *testing.T, at func(string) string) error {
			return errors.Join(move(at("SHA256SUMS.build"), at("SHA256SUMS"), "plan.json"), sign(t, at(""), signer))
		}, "SHA256SUMS lists plan.json, which has its place in SHA256SUMS.build"},
		"no signature of the build": {func(_ *testing.T, at func(string) string) error { return os.Remove(at("SHA256SUMS.build.sig")) },
			"SHA256SUMS.build.sig is missing"},
		"a signature of the other list": {func(_ *testing.T, at func(string) string) error {
			return os.Rename(at("SHA256SUMS.sig"), at("SHA256SUMS.build.sig"))
		}, "SHA256SUMS.build.sig is not a signature of this SHA256SUMS.build: one of them was changed"},
		"changed sums": {func(_ *testing.T, at func(string) string) error {
			return replace(at("SHA256SUMS"), "version.txt", "version.md")
		},
			"SHA256SUMS.sig is not a signature of this SHA256SUMS: one of them was changed"},
		"no signature": {func(_ *testing.T, at func(string) string) error { return os.Remove(at("SHA256SUMS.sig")) },
			"SHA256SUMS.sig is missing"},
		"another's signature": {func(t *testing.T, at func(string) string) error { return sign(t, at(""), other) },
			"SHA256SUMS.sig is by another key, " + other.Key},
		"no signature at all": {func(_ *testing.T, at func(string) string) error {
			return os.WriteFile(at("SHA256SUMS.sig"), []byte("x"), 0o644)
		}, "SHA256SUMS.sig is not a signature of OpenSSH"},
		"nonsense of OpenPGP besides": {func(_ *testing.T, at func(string) string) error {
			return os.WriteFile(at("SHA256SUMS.asc"), []byte("x"), 0o644)
		}, "SHA256SUMS.asc is not an armoured OpenPGP signature"},
		"provenance of another file": {func(t *testing.T, at func(string) string) error {
			return errors.Join(restate(t, at(""), func(text string) string { return strings.Replace(text, `"version.txt"`, `"version.md"`, 1) }), sign(t, at(""), signer))
		}, `provenance.json names "version.md", which no checksum is of`},
		"provenance of another plan": {func(t *testing.T, at func(string) string) error {
			return errors.Join(restate(t, at(""), func(text string) string {
				before, after, _ := strings.Cut(text, `"byproducts": [`)
				i := strings.Index(after, `"sha256": "`) + len(`"sha256": "`)
				return before + `"byproducts": [` + after[:i] + digest + after[i+64:]
			}), sign(t, at(""), signer))
		}, `provenance.json gives plan.json the SHA-256 "` + digest + `", where the checksums have `},
		"provenance with more in it": {func(t *testing.T, at func(string) string) error {
			return errors.Join(restate(t, at(""), func(text string) string { return strings.Replace(text, `"invocationId"`, `"invocation"`, 1) }), sign(t, at(""), signer))
		}, "provenance.json cannot be used: it is not SLSA provenance"},
		"provenance of another kind": {func(t *testing.T, at func(string) string) error {
			return errors.Join(restate(t, at(""), func(text string) string { return strings.Replace(text, "#image-v1", "#image-v9", 1) }), sign(t, at(""), signer))
		}, "which this version does not know"},
		"no provenance but text": {func(t *testing.T, at func(string) string) error {
			return errors.Join(restate(t, at(""), func(string) string { return "x" }), sign(t, at(""), signer))
		}, "provenance.json cannot be used: it is not an in-toto statement"},
	} {
		t.Run(what, func(t *testing.T) {
			directory, root, files := results(t, contents())
			write(t, root, files, provenance.Options{Signer: signer})
			if err := c.spoil(t, func(name string) string { return filepath.Join(directory, name) }); err != nil {
				t.Fatal(err)
			}
			found := verify(t, root, key)
			for _, problem := range found.Problems {
				if strings.HasPrefix(problem.String(), c.want) || strings.Contains(problem.String(), c.want) {
					return
				}
			}
			t.Errorf("got %q, not %q", found.Problems, c.want)
		})
	}
}

// Whatever stands in a directory, Verify neither fails nor says that it is good when it is not what was written.
func FuzzVerify(f *testing.F) {
	directory, root, files := results(f, contents())
	write(f, root, files, provenance.Options{})
	whole := tree(f, directory)
	f.Add([]byte(whole["SHA256SUMS.build"]), []byte(whole["provenance.json"]))
	f.Add([]byte(digest+"  ../up\n"), []byte("{}"))
	for name := range whole {
		if name != "plan.json" && name != "SHA256SUMS" && contents()[name] == "" {
			if err := os.Remove(filepath.Join(directory, name)); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, sums, statement []byte) {
		list := string(sums) + hash(string(statement)) + "  provenance.json\n"
		if err := errors.Join(root.WriteFile("SHA256SUMS.build", []byte(list), 0o644), root.WriteFile("provenance.json", statement, 0o644)); err != nil {
			t.Fatal(err)
		}
		if found := verify(t, root, nil); found.Good() && found.Origin == nil {
			t.Errorf("it is good without a word on its origin: %+v", found)
		}
	})
}
