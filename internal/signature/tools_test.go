package signature_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/internal/signature"
)

// tool skips a test where a program is not installed.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
}

func command(t *testing.T, stdin, name string, args ...string) error {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	t.Logf("%s %v: %s", name, args, out)
	return err
}

func TestSSHKeygenSaysTheSame(t *testing.T) {
	tool(t, "ssh-keygen")
	directory := t.TempDir()
	secret := filepath.Join(directory, "id")
	if err := command(t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "correct horse", "-C", "", "-f", secret); err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadSigner(secret, write(t, "p", []byte("correct horse\n")), now)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(message), now)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(secret + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	allowed := write(t, "allowed", append([]byte("r@e "), public...))
	verify := []string{"-Y", "verify", "-n", "file", "-I", "r@e", "-f", allowed, "-s", write(t, "s.sig", signed)}
	if err := command(t, message, "ssh-keygen", verify...); err != nil {
		t.Error(err)
	}
	if command(t, message+"x", "ssh-keygen", verify...) == nil {
		t.Error("ssh-keygen takes it for another text")
	}
	// And the other way round.
	theirs := write(t, "text", []byte(message))
	plain := filepath.Join(directory, "plain")
	if err := errors.Join(command(t, "", "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", plain),
		command(t, "", "ssh-keygen", "-Y", "sign", "-n", "file", "-f", plain, theirs)); err != nil {
		t.Fatal(err)
	}
	key, err1 := signature.LoadKey(plain + ".pub")
	sig, err2 := os.ReadFile(theirs + ".sig")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Check([]byte(message), sig, now); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(theirs+".sig"), command(t, "", "ssh-keygen", "-Y", "sign", "-n", "git", "-f", plain, theirs)); err != nil {
		t.Fatal(err)
	}
	if sig, err = os.ReadFile(theirs + ".sig"); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Check([]byte(message), sig, now); err == nil {
		t.Error("a signature for git is taken for one of a file")
	}
}

func TestGPGSaysTheSame(t *testing.T) {
	tool(t, "gpg")
	home, err := os.MkdirTemp("", "gpg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	gpg := func(args ...string) error {
		return command(t, "correct horse", "gpg", append([]string{"--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--yes"}, args...)...)
	}
	if err := gpg("--quick-generate-key", "Releases <r@example.org>", "ed25519", "sign", "never"); err != nil {
		t.Skip(err)
	}
	directory := t.TempDir()
	at := func(name string) string { return filepath.Join(directory, name) }
	if err := errors.Join(gpg("--armor", "--output", at("secret"), "--export-secret-keys"), gpg("--output", at("public"), "--export"),
		os.WriteFile(at("text"), []byte(message), 0o600)); err != nil {
		t.Fatal(err)
	}
	signer, err1 := signature.LoadSigner(at("secret"), write(t, "p", []byte("correct horse\n")), time.Now())
	key, err2 := signature.LoadKey(at("public"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(message), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(at("ours.asc"), signed, 0o600), gpg("--verify", at("ours.asc"), at("text")),
		gpg("--armor", "--output", at("theirs.asc"), "--detach-sign", at("text"))); err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(at("theirs.asc"))
	if err != nil {
		t.Fatal(err)
	}
	if who, err := key.Check([]byte(message), theirs, time.Now()); err != nil || !strings.Contains(who, "r@example.org") {
		t.Errorf("got %q, %v", who, err)
	}
}
