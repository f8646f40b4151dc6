package signature

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const armorStart = "-----BEGIN PGP "

// isOpenPGP tells a file of OpenPGP, armoured or not, from one of OpenSSH, which is text.
func isOpenPGP(content []byte) bool {
	return bytes.Contains(content, []byte(armorStart)) || content[0]&0x80 != 0
}

func readEntities(content []byte) (openpgp.EntityList, error) {
	read := openpgp.ReadKeyRing
	if bytes.Contains(content, []byte(armorStart)) {
		read = openpgp.ReadArmoredKeyRing
	}
	entities, err := read(bytes.NewReader(content))
	if err == nil && len(entities) == 0 {
		err = errors.New("it holds none")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read as an OpenPGP key: %w", err)
	}
	return entities, nil
}

func loadOpenPGPSigner(content, passphrase []byte, now time.Time) (*Signer, error) {
	entities, err := readEntities(content)
	if err != nil {
		return nil, err
	}
	if len(entities) > 1 {
		return nil, fmt.Errorf("holds %d keys: give a file with one (gpg --export-secret-keys KEY)", len(entities))
	}
	entity := entities[0]
	key, ok := entity.SigningKey(now)
	switch {
	case !ok:
		return nil, errors.New("holds no key that can sign now: it is expired, revoked or not meant for signing")
	case key.PrivateKey == nil || key.PrivateKey.Dummy():
		return nil, errors.New("does not hold the secret part of the key that signs (gpg --export-secret-keys KEY has it)")
	}
	if key.PrivateKey.Encrypted {
		if passphrase == nil {
			return nil, errLocked
		}
		// Only the key that signs has to be unlocked.
		if err := key.PrivateKey.Decrypt(passphrase); err != nil {
			return nil, errPassphrase
		}
	}
	sign := func(message []byte, now time.Time) ([]byte, error) {
		config := &packet.Config{Time: func() time.Time { return now }, DefaultHash: crypto.SHA512, SigningKeyId: key.PublicKey.KeyId}
		var out bytes.Buffer
		err := openpgp.ArmoredDetachSign(&out, entity, bytes.NewReader(message), config)
		out.WriteByte('\n')
		return out.Bytes(), err
	}
	// A key that only looks usable is to be found out before the build, not after it.
	if _, err := sign(nil, now); err != nil {
		return nil, fmt.Errorf("cannot sign: %w", err)
	}
	return &Signer{Suffix: OpenPGPSuffix, Key: fingerprint(key.PublicKey), sign: sign}, nil
}

func fingerprint(key *packet.PublicKey) string { return fmt.Sprintf("%X", key.Fingerprint) }

func loadOpenPGPKey(content []byte) (*Key, error) {
	entities, err := readEntities(content)
	if err != nil {
		return nil, err
	}
	check := func(message, signature []byte, now time.Time) (string, error) {
		binary, err := unarmor(signature)
		if err != nil {
			return "", err
		}
		return checkOpenPGP(entities, message, binary, now)
	}
	return &Key{Suffix: OpenPGPSuffix, check: check}, nil
}

// checkOpenPGP takes a signature by a key that has expired since it was made, as gpg does: what was released once stays
// good. One by a key that was revoked it does not take.
func checkOpenPGP(entities openpgp.EntityList, message, binary []byte, now time.Time) (who string, err error) {
	verify := func(at time.Time) (*packet.Signature, *openpgp.Entity, error) {
		config := &packet.Config{Time: func() time.Time { return at }}
		return openpgp.VerifyDetachedSignature(entities, bytes.NewReader(message), bytes.NewReader(binary), config)
	}
	made, signer, err := verify(now)
	expired := errors.Is(err, pgperrors.ErrKeyExpired) && made.CreationTime.Before(now)
	if expired {
		made, signer, err = verify(made.CreationTime)
	}
	if err != nil {
		return "", explain(err, binary)
	}
	if made.Hash == crypto.SHA1 {
		return "", errors.New("relies on SHA-1, which can be deceived")
	}
	if who = fmt.Sprintf("%X", made.IssuerFingerprint); who == "" {
		who = fingerprint(signer.PrimaryKey)
	}
	if identity := signer.PrimaryIdentity(); identity != nil {
		who += " (" + identity.Name + ")"
	}
	if expired {
		who += ", a key that has expired since"
	}
	return who, nil
}

// explain says in our words what the library says in its own.
func explain(err error, binary []byte) error {
	var wrong pgperrors.SignatureError
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		who, _ := issuer(binary)
		return fmt.Errorf("is by another key, %s", who)
	case errors.As(err, &wrong):
		return ErrWrong
	}
	return fmt.Errorf("does not hold: %w", err)
}

func claimOpenPGP(signature []byte) (string, error) {
	binary, err := unarmor(signature)
	if err != nil {
		return "", err
	}
	return issuer(binary)
}

// unarmor takes one armoured signature, and nothing besides it.
func unarmor(text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte(armorStart)) {
		return nil, errors.New("is not an armoured OpenPGP signature")
	}
	reader := bytes.NewReader(text)
	block, err := armor.Decode(reader)
	if err != nil {
		return nil, fmt.Errorf("is not an armoured OpenPGP signature: %w", err)
	}
	if block.Type != openpgp.SignatureType {
		return nil, fmt.Errorf("is an OpenPGP %q, not a signature", strings.ToLower(block.Type))
	}
	binary, err := io.ReadAll(block.Body)
	if err != nil {
		return nil, fmt.Errorf("is not an armoured OpenPGP signature: %w", err)
	}
	return binary, nil
}

// issuer names the key that a signature says it was made by.
func issuer(binary []byte) (string, error) {
	next, err := packet.NewReader(bytes.NewReader(binary)).Next()
	if err != nil {
		return "", fmt.Errorf("is not an OpenPGP signature: %w", err)
	}
	made, ok := next.(*packet.Signature)
	switch {
	case !ok:
		return "", errors.New("is not an OpenPGP signature")
	case len(made.IssuerFingerprint) > 0:
		return fmt.Sprintf("%X", made.IssuerFingerprint), nil
	case made.IssuerKeyId != nil:
		return fmt.Sprintf("%016X", *made.IssuerKeyId), nil
	}
	return "", errors.New("does not say who made it")
}
