package builder

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// A verifier recognises a secret without telling it: it lets a later build see that the secret is another one. It is
// kept in the workspace only, where the secret itself has gone: slower to guess from than what upstream keeps there.
const (
	verifierScheme = "pbkdf2-sha256-100000"
	verifierRounds = 100_000
)

func newVerifier(secret []byte) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	return fmt.Sprintf("%s:%x:%x", verifierScheme, salt, derive(secret, salt))
}

func derive(secret, salt []byte) []byte {
	key, err := pbkdf2.Key(sha256.New, string(secret), salt, verifierRounds, sha256.Size)
	if err != nil {
		panic(err) // only for lengths that are not these
	}
	return key
}

func recognises(verifier string, secret []byte) bool {
	scheme, rest, _ := strings.Cut(verifier, ":")
	salt, key, _ := strings.Cut(rest, ":")
	rawSalt, err := hex.DecodeString(salt)
	rawKey, err2 := hex.DecodeString(key)
	if scheme != verifierScheme || err != nil || err2 != nil {
		return false
	}
	return subtle.ConstantTimeCompare(rawKey, derive(secret, rawSalt)) == 1
}

// secretChanged says so when the secret that a step is to read is not the one that it read.
func secretChanged(step Step, stamp Stamp, secrets map[string][]byte) string {
	if step.Stdin == nil {
		return ""
	}
	secret, given := secrets[step.Stdin.Secret]
	if !given || recognises(stamp.Verifier, secret) {
		return ""
	}
	return step.Stdin.Secret + " changed"
}

// encode is a secret in the form that a step reads it in.
func (s Stdin) encode(secret []byte) []byte {
	text := string(secret)
	if s.As == "read-line" {
		text = strings.NewReplacer(`\`, `\\`, " ", `\ `, "\t", "\\\t").Replace(text)
	}
	return []byte(text + "\n")
}

// CheckSecret refuses a secret that cannot be read as one line.
func CheckSecret(option string, secret []byte) error {
	switch {
	case len(secret) == 0:
		return &InputError{Option: option, Reason: "is empty"}
	case strings.ContainsAny(string(secret), "\n\r\x00"):
		return &InputError{Option: option, Reason: "holds a line break or a zero byte"}
	}
	return nil
}
