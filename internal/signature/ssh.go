package signature

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// namespace is the one that ssh-keygen's manual gives for files: a signature for another purpose does not hold for one.
const namespace = "file"

func loadSSHSigner(content, passphrase []byte, _ time.Time) (*Signer, error) {
	key, err := ssh.ParsePrivateKey(content)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if passphrase == nil {
			return nil, errLocked
		}
		if key, err = ssh.ParsePrivateKeyWithPassphrase(content, passphrase); errors.Is(err, x509.IncorrectPasswordError) {
			return nil, errPassphrase
		}
	}
	if err != nil {
		return nil, fmt.Errorf("is neither an OpenPGP secret key nor an OpenSSH private key that can be used: %w", err)
	}
	sign := func(message []byte, _ time.Time) ([]byte, error) {
		signed, err := sshsig.Sign(bytes.NewReader(message), key, sshsig.HashSHA512, namespace)
		if err != nil {
			return nil, err
		}
		return sshsig.Armor(signed), nil
	}
	if _, err := sign(nil, time.Time{}); err != nil {
		return nil, fmt.Errorf("cannot sign: %w", err)
	}
	return &Signer{Suffix: SSHSuffix, Key: ssh.FingerprintSHA256(key.PublicKey()), sign: sign}, nil
}

func loadSSHKey(content []byte) (*Key, error) {
	allowed, err := parseAllowed(content)
	if err != nil {
		return nil, err
	}
	check := func(message, signature []byte, now time.Time) (string, error) {
		signed, err := readSSH(signature)
		if err != nil {
			return "", err
		}
		for _, a := range allowed {
			if !bytes.Equal(a.key.Marshal(), signed.PublicKey.Marshal()) {
				continue
			}
			if err := a.permits(now); err != nil {
				return "", err
			}
			return a.name(), verifySSH(message, signed, a.key)
		}
		return "", fmt.Errorf("is by another key, %s", ssh.FingerprintSHA256(signed.PublicKey))
	}
	return &Key{Suffix: SSHSuffix, check: check}, nil
}

func claimSSH(message, signature []byte) (string, error) {
	signed, err := readSSH(signature)
	if err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(signed.PublicKey), verifySSH(message, signed, signed.PublicKey)
}

func readSSH(signature []byte) (*sshsig.Signature, error) {
	signed, err := sshsig.Unarmor(signature)
	if err != nil {
		return nil, fmt.Errorf("is not a signature of OpenSSH: %w", err)
	}
	return signed, nil
}

func verifySSH(message []byte, signed *sshsig.Signature, key ssh.PublicKey) error {
	if signed.Namespace != namespace {
		return fmt.Errorf("is not for a file but for %q", signed.Namespace)
	}
	if err := sshsig.Verify(bytes.NewReader(message), signed, key, signed.HashAlgorithm, namespace); err != nil {
		return ErrWrong
	}
	return nil
}
