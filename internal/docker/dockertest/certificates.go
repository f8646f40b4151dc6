package dockertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificates are what an engine and its client know each other by, made for one test.
type certificates struct {
	server map[string][]byte // by path in the engine's container
	client map[string][]byte // by name in DOCKER_CERT_PATH
}

func newCertificates(t testing.TB) certificates {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := newKey(t)
	ca, _ := sign(t, authority, authority, key, key)
	leaf := func(serial int64, usage x509.ExtKeyUsage) (certificate, private []byte) {
		own := newKey(t)
		return sign(t, &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
			NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}, authority, own, key)
	}
	server, serverKey := leaf(2, x509.ExtKeyUsageServerAuth)
	client, clientKey := leaf(3, x509.ExtKeyUsageClientAuth)
	return certificates{
		server: map[string][]byte{"certs/ca.pem": ca, "certs/server.pem": server, "certs/server-key.pem": serverKey},
		client: map[string][]byte{"ca.pem": ca, "cert.pem": client, "key.pem": clientKey},
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// sign is a certificate and its key as PEM.
func sign(t testing.TB, of, by *x509.Certificate, own, signer *ecdsa.PrivateKey) (certificate, private []byte) {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, of, by, &own.PublicKey, signer)
	must(t, err)
	rawKey, err := x509.MarshalECPrivateKey(own)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: rawKey})
}

// write writes the client's certificates to a directory.
func (c certificates) write(t testing.TB) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range c.client {
		must(t, os.WriteFile(filepath.Join(directory, name), content, 0o600))
	}
	return directory
}
