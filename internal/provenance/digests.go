package provenance

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/coreos-builder/coreos-builder/internal/artifact"
)

// digests are files of checksums of the form that upstream's releases have (coreos/scripts, common.sh, make_digests),
// one an artefact. MD5 and SHA-1 are there because that form has them: nothing here relies on them.
func digests(ctx context.Context, root *os.Root, files []artifact.File) ([]document, error) {
	documents := make([]document, len(files))
	failures := make([]error, len(files))
	onAllCores(len(files), func(i int) {
		name := files[i].Name
		content, err := digestsOf(ctx, root, name)
		if err != nil {
			failures[i] = fmt.Errorf("%s: %w", name+DigestsSuffix, err)
		}
		documents[i] = document{name + DigestsSuffix, content}
	})
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	return documents, nil
}

func digestsOf(ctx context.Context, root *os.Root, name string) ([]byte, error) {
	file, _, err := openPlain(root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	kinds := []struct {
		name string
		hash.Hash
	}{{"MD5", md5.New()}, {"SHA1", sha1.New()}, {"SHA512", sha512.New()}}
	if err := copyAll(ctx, io.MultiWriter(kinds[0], kinds[1], kinds[2]), file); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, kind := range kinds {
		fmt.Fprintf(&text, "# %s HASH\n%x  %s\n", kind.name, kind.Sum(nil), name)
	}
	return text.Bytes(), nil
}
