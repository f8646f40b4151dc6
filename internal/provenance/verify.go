package provenance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/internal/signature"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Report is what was found out about a directory of results.
type Report struct {
	// Files are those that the checksums list and those that are there, by name.
	Files []Checked `json:"files"`
	// Signatures are those of the lists of checksums.
	Signatures []Signed `json:"signatures,omitempty"`
	// Origin is what the provenance tells; nil where it is not there, or not to be believed.
	Origin *Origin `json:"origin,omitempty"`
	// Problems are why the directory is not what was built. There are none in a good one.
	Problems []Problem `json:"problems,omitempty"`
}

// Good tells whether all is as it was built.
func (r Report) Good() bool { return len(r.Problems) == 0 }

// Problem is what is wrong with one file.
type Problem struct {
	Name string `json:"name"`
	What string `json:"what"`
}

// String is the problem as a sentence. The name may hold anything.
func (p Problem) String() string { return p.Name + " " + p.What }

// Signed is a signature of a list of checksums.
type Signed struct {
	Name string `json:"name"`
	// By is who made it, by the signature's own word unless it is Trusted: then the key that was given says the same.
	By      string `json:"by"`
	Trusted bool   `json:"trusted"`
}

// maxSums bounds what is read of a list of checksums.
const maxSums = 4 << 20

// Verify holds a directory against its own lists of checksums, these against their signatures, and the provenance against
// all of it. With a key, both lists must have a signature by it. The error is one of reading the directory itself.
func Verify(ctx context.Context, root *os.Root, key *signature.Key, now time.Time) (Report, error) {
	var r Report
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return r, err
	}
	artefacts := r.readList(root, SumsFile, key, now)
	build := r.readList(root, BuildSumsFile, key, now)
	if artefacts == nil || build == nil {
		return r, nil
	}
	r.checkLists(artefacts, build)
	sums := slices.Concat(artefacts, build)
	r.checkFiles(ctx, root, sums)
	if err := ctx.Err(); err != nil {
		return r, err
	}
	r.checkRest(entries, sums)
	r.checkStatement(root, sums)
	slices.SortStableFunc(r.Files, func(a, b Checked) int { return strings.Compare(a.Name, b.Name) })
	return r, nil
}

func (r *Report) fail(name, what string) { r.Problems = append(r.Problems, Problem{name, what}) }

// readList reads a list of checksums, and holds it against its signatures. It is nil when it cannot be used.
func (r *Report) readList(root *os.Root, name string, key *signature.Key, now time.Time) []Sum {
	text, err := readPlain(root, name, maxSums)
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.fail(name, "is missing: nothing says what is to be there. Is it a directory of results, fetched to the end?")
		return nil
	case err != nil:
		r.fail(name, "cannot be read: "+builder.Reason(err))
		return nil
	}
	r.checkSignatures(root, name, text, key, now)
	sums, err := ParseSums(text)
	if err != nil {
		r.fail(name, "cannot be used: "+err.Error())
		return nil
	}
	return sums
}

// checkLists sees that each file is in the list where it belongs, and so in one alone.
func (r *Report) checkLists(artefacts, build []Sum) {
	for _, sum := range artefacts {
		if tellsOfBuild(sum.Name) {
			r.fail(SumsFile, "lists "+sum.Name+", which has its place in "+BuildSumsFile)
		}
	}
	for _, sum := range build {
		if !tellsOfBuild(sum.Name) {
			r.fail(BuildSumsFile, fmt.Sprintf("lists %q, which has its place in %s", sum.Name, SumsFile))
		}
	}
	if !slices.ContainsFunc(build, func(sum Sum) bool { return sum.Name == SumsFile }) {
		r.fail(BuildSumsFile, "does not list "+SumsFile+": they may be of two builds")
	}
}

// checkSignatures checks those of a list that are there, and that the one is there that the key is to have made.
func (r *Report) checkSignatures(root *os.Root, list string, sums []byte, key *signature.Key, now time.Time) {
	for _, suffix := range []string{signature.OpenPGPSuffix, signature.SSHSuffix} {
		name := list + suffix
		wanted := key != nil && key.Suffix == suffix
		text, err := readPlain(root, name, maxSums)
		switch {
		case errors.Is(err, os.ErrNotExist):
			if wanted {
				r.fail(name, "is missing: nothing shows that the checksums are by the owner of the key")
			}
			continue
		case err != nil:
			r.fail(name, "cannot be read: "+builder.Reason(err))
			continue
		}
		check := func() (string, error) { return signature.Claim(suffix, sums, text) }
		if wanted {
			check = func() (string, error) { return key.Check(sums, text, now) }
		}
		who, err := check()
		switch {
		case errors.Is(err, signature.ErrWrong):
			r.fail(name, "is not a signature of this "+list+": one of them was changed")
		case err != nil:
			r.fail(name, err.Error())
		default:
			r.Signatures = append(r.Signatures, Signed{name, who, wanted})
		}
	}
}
