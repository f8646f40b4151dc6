package builder

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAVerifierRecognisesItsSecretAlone(t *testing.T) {
	verifier := newVerifier([]byte("correct horse"))
	if strings.Contains(verifier, "horse") || strings.ContainsAny(verifier, " \n") {
		t.Errorf("%q is no verifier", verifier)
	}
	if !recognises(verifier, []byte("correct horse")) {
		t.Error("the secret is not recognised")
	}
	for _, other := range []string{"", "correct horse ", "Correct horse"} {
		if recognises(verifier, []byte(other)) {
			t.Errorf("%q is recognised", other)
		}
	}
	if newVerifier([]byte("correct horse")) == verifier {
		t.Error("two verifiers of a secret are the same: whoever sees them can tell")
	}
	for _, broken := range []string{"", "other:00:00", verifierScheme + ":zz:00", verifierScheme} {
		if recognises(broken, nil) {
			t.Errorf("%q recognises something", broken)
		}
	}
}

var secrets = []string{"plain", "two words", `back\slash`, `\n`, `quo'te"s`, "$HOME $(id) `id`", " around ", "\ttab\t", "ü€", "#", "-n", "*"}

// bash's read without -r, as upstream's set_shared_user_password.sh calls it, gives back the secret.
func TestASecretIsReadBackAsItWas(t *testing.T) {
	for form, script := range map[string]string{
		"read-line": `read password; printf %s "$password"`,
		"line":      `IFS= read -r password; printf %s "$password"`,
	} {
		for _, secret := range secrets {
			command := exec.Command("bash", "-c", script)
			command.Stdin = strings.NewReader(string(Stdin{As: form}.encode([]byte(secret))))
			if out, err := command.Output(); err != nil || string(out) != secret {
				t.Errorf("%s: %q is read back as %q (%v)", form, secret, out, err)
			}
		}
	}
}

func FuzzASecretIsReadBackAsItWas(f *testing.F) {
	for _, secret := range secrets {
		f.Add(secret)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		if CheckSecret("password", []byte(secret)) != nil {
			t.Skip("refused")
		}
		command := exec.Command("bash", "-c", `read password; printf %s "$password"`)
		command.Env = []string{"LC_ALL=C"}
		command.Stdin = strings.NewReader(string(Stdin{As: "read-line"}.encode([]byte(secret))))
		if out, err := command.Output(); err != nil || string(out) != secret {
			t.Errorf("%q is read back as %q (%v)", secret, out, err)
		}
	})
}

func TestASecretIsALine(t *testing.T) {
	for secret, good := range map[string]bool{"x": true, "two words": true, "": false, "a\nb": false, "a\rb": false, "a\x00b": false} {
		if err := CheckSecret("password", []byte(secret)); (err == nil) != good {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

func TestTheLastLinesAreKept(t *testing.T) {
	var last tail
	for range 100 {
		last.add([]byte("early\n"))
	}
	last.add([]byte("in "))
	last.add([]byte("parts\r\nand"))
	last.add([]byte(" no end"))
	lines := last.lines()
	if len(lines) != lastLines || lines[0] != "early" || lines[lastLines-2] != "in parts" || lines[lastLines-1] != "and no end" {
		t.Errorf("got %q", lines)
	}
}
