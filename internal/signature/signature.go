// Package signature signs a text by a key in a file, and checks such signatures: OpenPGP's, as gpg makes them, and
// OpenSSH's, as ssh-keygen -Y makes them. It knows no cryptography of its own.
package signature

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// A signature lies beside the file it signs, under its name and one of these.
const (
	OpenPGPSuffix = ".asc"
	SSHSuffix     = ".sig"
)

// Signer is a secret key that can sign.
type Signer struct {
	// Suffix is added to the name of a signed file: OpenPGPSuffix or SSHSuffix.
	Suffix string
	// Key names the key: its fingerprint.
	Key  string
	sign func(message []byte, now time.Time) ([]byte, error)
}

// Sign makes a detached signature, as text. An OpenPGP signature says when it was made, and is not the same twice.
func (s *Signer) Sign(message []byte, now time.Time) ([]byte, error) { return s.sign(message, now) }

// Key is a public key, or several, by which signatures are checked.
type Key struct {
	// Suffix is that of the signatures that it can check.
	Suffix string
	check  func(message, signature []byte, now time.Time) (who string, err error)
}

// Check tells who made a signature. The error says why it is not to be trusted.
func (k *Key) Check(message, signature []byte, now time.Time) (who string, err error) {
	return k.check(message, signature, now)
}

// ErrWrong is a signature of another text, or a forged one.
var ErrWrong = errors.New("is not a signature of this text")

// Claim is what a signature says of itself: who made it. Whose key that is it cannot tell. The signature of a suffix that
// holds its own key is checked by it; of another it is only seen that it is one.
func Claim(suffix string, message, signature []byte) (who string, err error) {
	if suffix == SSHSuffix {
		return claimSSH(message, signature)
	}
	return claimOpenPGP(signature)
}

// The options that name the files of keys, as mistakes in them are reported.
const (
	keyOption        = "sign-key"
	passphraseOption = "sign-passphrase-file"
	publicOption     = "key"
)

// LoadSigner reads a secret key, of OpenPGP or OpenSSH, and sees that it can sign now. The passphrase of a locked key is
// the first line of another file; its name is empty where there is none. What is wrong is an *builder.InputError.
func LoadSigner(path, passphraseFile string, now time.Time) (*Signer, error) {
	content, err := readKey(keyOption, path)
	if err != nil {
		return nil, err
	}
	passphrase, err := readPassphrase(passphraseFile)
	if err != nil {
		return nil, err
	}
	load := loadSSHSigner
	if isOpenPGP(content) {
		load = loadOpenPGPSigner
	}
	signer, err := load(content, passphrase, now)
	if errors.Is(err, errPassphrase) {
		return nil, &builder.InputError{Option: passphraseOption, Value: passphraseFile, Reason: "does not hold the passphrase of " + path}
	}
	if err != nil {
		return nil, &builder.InputError{Option: keyOption, Value: path, Reason: err.Error()}
	}
	return signer, nil
}

// LoadKey reads public keys: of OpenPGP, of OpenSSH, one a line, or of its allowed_signers. What is wrong is an
// *builder.InputError.
func LoadKey(path string) (*Key, error) {
	content, err := readKey(publicOption, path)
	if err != nil {
		return nil, err
	}
	load := loadSSHKey
	if isOpenPGP(content) {
		load = loadOpenPGPKey
	}
	key, err := load(content)
	if err != nil {
		return nil, &builder.InputError{Option: publicOption, Value: path, Reason: err.Error()}
	}
	return key, nil
}

// errPassphrase is a passphrase that does not unlock the key, and errLocked a key that needs one.
var (
	errPassphrase = errors.New("does not unlock the key")
	errLocked     = errors.New("is locked by a passphrase: name the file that holds it with --" + passphraseOption)
)

// maxKey bounds what is read of a file that may be anything.
const maxKey = 1 << 20

func readKey(option, path string) ([]byte, error) {
	content, err := readSome(path)
	switch {
	case err != nil:
		return nil, &builder.InputError{Option: option, Value: path, Reason: "cannot be read: " + builder.Reason(err)}
	case len(bytes.TrimSpace(content)) == 0:
		return nil, &builder.InputError{Option: option, Value: path, Reason: "is empty"}
	case len(content) > maxKey:
		return nil, &builder.InputError{Option: option, Value: path, Reason: "is too large to be a key"}
	}
	return content, nil
}

// readPassphrase reads the first line of a file, without its end.
func readPassphrase(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	content, err := readSome(path)
	if err != nil {
		return nil, &builder.InputError{Option: passphraseOption, Value: path, Reason: "cannot be read: " + builder.Reason(err)}
	}
	line, _, _ := bytes.Cut(content, []byte{'\n'})
	if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) == 0 {
		return nil, &builder.InputError{Option: passphraseOption, Value: path, Reason: "is empty"}
	}
	return line, nil
}

func readSome(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxKey+1))
}
