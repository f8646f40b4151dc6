package signature_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/signature"
)

func TestWhatIsSignedIsGood(t *testing.T) {
	weak, err1 := rsa.GenerateKey(rand.Reader, 2048)
	curve, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	passphrase := write(t, "passphrase", []byte("correct horse\r\nnot this line\n"))
	for name, pair := range map[string]func() (string, string){
		"ed25519":         func() (string, string) { return sshKey(t, newEd25519(t), "") },
		"ed25519, locked": func() (string, string) { return sshKey(t, newEd25519(t), "correct horse") },
		"rsa":             func() (string, string) { return sshKey(t, weak, "") },
		"ecdsa":           func() (string, string) { return sshKey(t, curve, "") },
		"openpgp":         func() (string, string) { return pgpKey(t, "", 0) },
		"openpgp, locked": func() (string, string) { return pgpKey(t, "correct horse", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			secret, public := pair()
			file := ""
			if strings.Contains(name, "locked") {
				file = passphrase
			}
			signer, err := signature.LoadSigner(secret, file, now)
			if err != nil {
				t.Fatal(err)
			}
			key, err := signature.LoadKey(public)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign([]byte(message), now)
			if err != nil || key.Suffix != signer.Suffix {
				t.Fatalf("got %s, %s, %v", key.Suffix, signer.Suffix, err)
			}
			if who, err := key.Check([]byte(message), signed, now); err != nil || !strings.Contains(who, signer.Key) {
				t.Errorf("it is not good: %q, %v", who, err)
			}
			if who, err := signature.Claim(signer.Suffix, []byte(message), signed); err != nil || !strings.Contains(who, signer.Key) {
				t.Errorf("it claims to be by %q, %v", who, err)
			}
			if _, err := key.Check([]byte(message+"x"), signed, now); !errors.Is(err, signature.ErrWrong) {
				t.Errorf("of another text: %v", err)
			}
		})
	}
}

func TestASignatureByAnotherIsRefused(t *testing.T) {
	for _, pair := range []func() (string, string){
		func() (string, string) { return sshKey(t, newEd25519(t), "") },
		func() (string, string) { return pgpKey(t, "", 0) },
	} {
		secret, _ := pair()
		_, public := pair()
		signer, err1 := signature.LoadSigner(secret, "", now)
		key, err2 := signature.LoadKey(public)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(message), now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Check([]byte(message), signed, now); err == nil || !strings.Contains(err.Error(), "by another key, ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestAReleaseOutlivesItsKey(t *testing.T) {
	secret, public := pgpKey(t, "", 24*time.Hour)
	then := made.Add(time.Hour)
	signer, err1 := signature.LoadSigner(secret, "", then)
	key, err2 := signature.LoadKey(public)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for at, good := range map[time.Time]bool{then: true, made.Add(48 * time.Hour): false} {
		signed, err := signer.Sign([]byte(message), at)
		if err != nil {
			continue // the library does not sign by a key that has expired
		}
		if who, err := key.Check([]byte(message), signed, now); (err == nil) != good {
			t.Errorf("made at %s: got %q, %v", at, who, err)
		}
	}
}

func TestWhatIsNoUsableKeyIsAMistake(t *testing.T) {
	locked, _ := sshKey(t, newEd25519(t), "correct horse")
	lockedPGP, publicPGP := pgpKey(t, "correct horse", 0)
	expired, _ := pgpKey(t, "", 24*time.Hour)
	_, public := sshKey(t, newEd25519(t), "")
	wrong := write(t, "wrong", []byte("battery staple\n"))
	for name, c := range map[string]struct{ key, passphrase, want string }{
		"nothing there":        {"/nowhere/key", "", `sign-key "/nowhere/key" cannot be read: no such file or directory`},
		"empty":                {write(t, "k", []byte("\n")), "", "is empty"},
		"large":                {write(t, "k", bytes.Repeat([]byte("x"), 1<<20+1)), "", "too large"},
		"text":                 {write(t, "k", []byte("no key\n")), "", "neither an OpenPGP secret key nor an OpenSSH private key"},
		"a public key":         {public, "", "neither"},
		"a public OpenPGP key": {publicPGP, "", "does not hold the secret part"},
		"a torn OpenPGP key":   {write(t, "k", []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nx\n")), "", "cannot be read as an OpenPGP key"},
		"an expired key":       {expired, "", "expired"},
		"locked":               {locked, "", "is locked by a passphrase: name the file that holds it with --sign-passphrase-file"},
		"locked, OpenPGP":      {lockedPGP, "", "is locked by a passphrase"},
		"wrong passphrase":     {locked, wrong, "does not hold the passphrase of " + locked},
		"wrong, OpenPGP":       {lockedPGP, wrong, "does not hold the passphrase of " + lockedPGP},
		"no passphrase file":   {locked, "/nowhere/p", `sign-passphrase-file "/nowhere/p" cannot be read`},
		"an empty one":         {locked, write(t, "p", []byte("\nx")), "is empty"},
	} {
		_, err := signature.LoadSigner(c.key, c.passphrase, now)
		var input *builder.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAllowedSignersAreRead(t *testing.T) {
	secret, public := sshKey(t, newEd25519(t), "")
	content, err := os.ReadFile(public)
	if err != nil {
		t.Fatal(err)
	}
	line := string(content)
	signer, err := signature.LoadSigner(secret, "", now)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(message), now)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"# ours\n\n" + line:                                          "",
		"release@example.org " + line:                                "",
		`"a b@example.org" ` + line:                                  "",
		`r@e namespaces="git,file" ` + line:                          "",
		`r@e namespaces="git" ` + line:                               "holds no public key that may sign files",
		`r@e valid-after="20250101",valid-before="20270101" ` + line: "",
		`r@e valid-before="20260228Z" ` + line:                       "was valid until 2026-02-28",
		`r@e valid-after="202604010000Z" ` + line:                    "is valid from 2026-04-01",
		`r@e valid-after="tomorrow" ` + line:                         "is not of the form",
		`r@e cert-authority ` + line:                                 "line 1 is for certificates",
		`r@e verify-required ` + line:                                "which is not known",
		"r@e ssh-ed25519 AAAA\n":                                     "line 1 is neither",
		"nonsense\n":                                                 "line 1 is neither",
		"# nothing\n":                                                "holds no public key",
	} {
		key, err := signature.LoadKey(write(t, "allowed", []byte(text)))
		if err == nil {
			_, err = key.Check([]byte(message), signed, now)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, not %q", text, err, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0=\n-----END PGP SIGNATURE-----\n"))
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"))
	_, sshPublic := sshKey(f, newEd25519(f), "")
	_, pgpPublic := pgpKey(f, "", 0)
	var keys []*signature.Key
	for _, path := range []string{sshPublic, pgpPublic} {
		key, err := signature.LoadKey(path)
		if err != nil {
			f.Fatal(err)
		}
		keys = append(keys, key)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, key := range keys {
			if who, err := key.Check([]byte(message), text, now); err == nil {
				t.Errorf("a signature was made without the key: %s", who)
			}
			_, _ = signature.Claim(key.Suffix, []byte(message), text)
		}
	})
}
