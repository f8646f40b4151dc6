package config

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"

	"github.com/coreos-builder/coreos-builder/builder"
)

const (
	certificatesOption = "ca_certificates"
	// maxCertificates bounds what travels as a build argument, in the line of a request. An engine reads 1 MiB of it.
	maxCertificates = 256 << 10
)

// readCertificates are the certificates of PEM files, in one text, as base64. All else that such files hold is left out.
func readCertificates(files []string) (string, error) {
	var all []byte
	for _, file := range files {
		certificates, err := certificatesOf(file)
		if err != nil {
			return "", &builder.InputError{Option: certificatesOption, Value: file, Reason: "cannot be used: " + reason(err)}
		}
		all = append(all, certificates...)
	}
	if len(all) > maxCertificates {
		return "", &builder.InputError{Option: certificatesOption, Reason: "are more than 256 KiB: name those alone that are not trusted anyway"}
	}
	return base64.StdEncoding.EncodeToString(all), nil
}

func certificatesOf(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []byte
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("it holds a " + block.Type + ", which is no certificate")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, err
		}
		found = append(found, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
	}
	if found == nil {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return found, nil
}
