package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"
)

var (
	made = time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	now  = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

const message = "0123  image.bin\n"

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sshKey writes a pair of keys, locked by a passphrase if there is one.
func sshKey(t testing.TB, key crypto.Signer, passphrase string) (secret, public string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "test")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "id", pem.EncodeToMemory(block)), write(t, "id.pub", ssh.MarshalAuthorizedKey(pub))
}

func newEd25519(t testing.TB) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pgpKey writes a pair of keys, locked by a passphrase if there is one.
func pgpKey(t testing.TB, passphrase string, lifetime time.Duration) (secret, public string) {
	t.Helper()
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return made },
		KeyLifetimeSecs: uint32(lifetime / time.Second)}
	entity, err := openpgp.NewEntity("Releases", "", "release@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	var pub bytes.Buffer
	armored, err := armor.Encode(&pub, openpgp.PublicKeyType, nil)
	if err = errors.Join(err, entity.Serialize(armored), armored.Close()); err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := entity.EncryptPrivateKeys([]byte(passphrase), config); err != nil {
			t.Fatal(err)
		}
	}
	var sec bytes.Buffer
	armored, err = armor.Encode(&sec, openpgp.PrivateKeyType, nil)
	if err = errors.Join(err, entity.SerializePrivateWithoutSigning(armored, config), armored.Close()); err != nil {
		t.Fatal(err)
	}
	return write(t, "secret.asc", sec.Bytes()), write(t, "public.asc", pub.Bytes())
}
