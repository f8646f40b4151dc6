package main

import (
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/provenance"
	"github.com/coreos-builder/coreos-builder/internal/signature"
)

// signFlags say what is written beside the results besides what always is.
type signFlags struct {
	Digests            bool   `help:"Write upstream's form of checksums too: a file ending in .DIGESTS for each result."`
	SignKey            string `type:"path" placeholder:"FILE" help:"Sign the checksums by this secret key, of OpenPGP or OpenSSH."`
	SignPassphraseFile string `type:"path" placeholder:"FILE" help:"The file whose first line is the passphrase of that key."`
}

// options reads the key, and sees that it can be used: a build of hours is not to end with a key that is locked.
func (f signFlags) options() (provenance.Options, error) {
	options := provenance.Options{Digests: f.Digests}
	if f.SignKey == "" {
		if f.SignPassphraseFile != "" {
			return options, &builder.InputError{Option: "sign-passphrase-file", Value: f.SignPassphraseFile, Reason: "is of no use without sign-key"}
		}
		return options, nil
	}
	var err error
	options.Signer, err = signature.LoadSigner(f.SignKey, f.SignPassphraseFile, time.Now())
	return options, err
}
