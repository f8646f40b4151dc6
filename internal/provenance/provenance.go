// Package provenance writes beside the results of a build what they were built from, how, and what is in them; signs it; and
// holds a directory of results against it.
package provenance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/artifact"
	"github.com/coreos-builder/coreos-builder/internal/signature"
)

// The files that are written beside the artefacts.
const (
	// SumsFile has the checksums of the artefacts, and of DigestsSuffix's files: what two builds of the same inputs have in
	// common. Nothing that tells one build from another is in it.
	SumsFile = artifact.Sums
	// BuildSumsFile has the checksums of the files that tell of the build, and of SumsFile. The signatures of both lists lie
	// beside them.
	BuildSumsFile = SumsFile + ".build"
	// PlanFile is the plan that was run, without credentials in URLs.
	PlanFile = "plan.json"
	// ManifestFile is the manifest of the sources, every project at its commit, without credentials in URLs.
	ManifestFile = "manifest.xml"
	// StatementFile is an in-toto statement with SLSA provenance: docs/provenance.md says what is in it.
	StatementFile = "provenance.json"
	// SBOMFile lists the packages of the images, in CycloneDX.
	SBOMFile = "sbom.cdx.json"
	// LockFile is what the build was made from, for coreos-builder build --locked, without credentials in URLs.
	LockFile = "coreos-builder.lock"
	// DigestsSuffix is added to an artefact's name for upstream's own form of checksums.
	DigestsSuffix = ".DIGESTS"
)

const partSuffix = artifact.PartSuffix

// Options are what can be chosen.
type Options struct {
	// Digests writes upstream's form of checksums too, a file an artefact.
	Digests bool
	// Lock is what LockFile holds, if it is written.
	Lock []byte
	// Signer, when there is one, signs both lists of checksums.
	Signer *signature.Signer
	// Notice, if there is one, is told what is left out because the list of packages or the manifest cannot be read.
	Notice func(string)
}

func (o Options) notice(format string, args ...any) {
	if o.Notice != nil {
		o.Notice(fmt.Sprintf(format, args...))
	}
}

// Write writes the files above beside artefacts that were just taken out to a directory. Each bears its name only once it
// is whole, and BuildSumsFile comes last: a directory that has it is whole. What an earlier build left of these files
// goes. The same build gives the same bytes, but for the time that an OpenPGP signature holds; two builds that give the same
// artefacts give the same SumsFile. Where the package lists or the manifest cannot be read, all is written that can be without.
func Write(ctx context.Context, root *os.Root, build Build, files []artifact.File, options Options) error {
	if err := checkArtefacts(files); err != nil {
		return err
	}
	if err := tidy(root, files, options); err != nil {
		return err
	}
	files = slices.SortedFunc(slices.Values(files), func(a, b artifact.File) int { return strings.Compare(a.Name, b.Name) })
	documents, err := compose(ctx, root, build, files, options)
	if err != nil {
		return err
	}
	ofArtefacts, ofBuild := lists(files, documents)
	for _, d := range slices.Concat([]document{ofArtefacts}, documents, []document{ofBuild}) {
		if err := d.write(root); err != nil {
			return err
		}
	}
	return sign(root, options.Signer, ofArtefacts, ofBuild)
}

// WriteSums writes the checksums alone, of artefacts of which it cannot be told what they were built from. What an earlier
// build left of the other files goes.
func WriteSums(ctx context.Context, root *os.Root, files []artifact.File, options Options) error {
	if err := checkArtefacts(files); err != nil {
		return err
	}
	if err := tidy(root, files, Options{}); err != nil {
		return err
	}
	var documents []document
	if options.Digests {
		var err error
		if documents, err = digests(ctx, root, files); err != nil {
			return err
		}
	}
	ofArtefacts, _ := lists(files, documents)
	for _, d := range append(documents, ofArtefacts) {
		if err := d.write(root); err != nil {
			return err
		}
	}
	return nil
}

// lists are the two lists of checksums; the second covers the first.
func lists(files []artifact.File, documents []document) (ofArtefacts, ofBuild document) {
	var artefacts, build []Sum
	for _, file := range files {
		artefacts = append(artefacts, Sum{file.SHA256, file.Name})
	}
	for _, d := range documents {
		if sum := (Sum{d.sha256(), d.name}); tellsOfBuild(d.name) {
			build = append(build, sum)
		} else {
			artefacts = append(artefacts, sum)
		}
	}
	ofArtefacts = document{SumsFile, FormatSums(artefacts)}
	return ofArtefacts, document{BuildSumsFile, FormatSums(append(build, Sum{ofArtefacts.sha256(), SumsFile}))}
}

func sign(root *os.Root, signer *signature.Signer, lists ...document) error {
	if signer == nil {
		return nil
	}
	for _, list := range lists {
		signed, err := signer.Sign(list.content, time.Now())
		if err != nil {
			return fmt.Errorf("sign %s by key %s: %w", list.name, signer.Key, err)
		}
		if err := (document{list.name + signer.Suffix, signed}).write(root); err != nil {
			return err
		}
	}
	return nil
}

// checkArtefacts refuses artefacts that cannot be listed, before anything is written.
func checkArtefacts(files []artifact.File) error {
	if len(files) == 0 {
		return errors.New("there is no artefact to vouch for")
	}
	seen := map[string]bool{}
	for _, file := range files {
		if err := checkName(file.Name); err != nil {
			return fmt.Errorf("artefact: %w", err)
		}
		switch {
		case seen[file.Name]:
			return fmt.Errorf("artefact %s comes twice", file.Name)
		case isOurs(file.Name):
			return fmt.Errorf("artefact %s has a name that this program uses itself: rename it in the build", file.Name)
		case !isSHA256(file.SHA256):
			return fmt.Errorf("artefact %s has no checksum", file.Name)
		}
		seen[file.Name] = true
	}
	for _, file := range files {
		if seen[file.Name+DigestsSuffix] {
			return fmt.Errorf("artefact %s has a name that this program uses itself: rename it in the build", file.Name+DigestsSuffix)
		}
	}
	return nil
}

// neverListed are the names of what no list covers: the list that comes last, and the signatures.
func neverListed() []string {
	var names []string
	for _, list := range []string{BuildSumsFile, SumsFile} {
		names = append(names, list+signature.OpenPGPSuffix, list+signature.SSHSuffix)
	}
	return append(names, BuildSumsFile)
}

// ofTheBuild are the names of what BuildSumsFile lists, SumsFile first.
func ofTheBuild() []string {
	return []string{SumsFile, PlanFile, ManifestFile, StatementFile, SBOMFile, LockFile}
}

// tellsOfBuild tells what BuildSumsFile lists from what SumsFile does.
func tellsOfBuild(name string) bool {
	return slices.Contains(ofTheBuild(), name)
}

// isOurs tells the files that every build has from artefacts.
func isOurs(name string) bool { return tellsOfBuild(name) || slices.Contains(neverListed(), name) }

// CheckDirectory refuses a directory in which files of the names of those that tell of a build are somebody's own: with them
// come no checksums, which are the first that Write writes, and the last that it takes away. A lock file may lie anywhere.
func CheckDirectory(root *os.Root) error {
	for _, list := range []string{SumsFile, BuildSumsFile} {
		if _, err := root.Lstat(list); err == nil {
			return nil
		}
	}
	for _, name := range ofTheBuild() {
		if _, err := root.Lstat(name); err != nil || name == LockFile {
			continue
		}
		return &builder.InputError{Option: "directory", Value: root.Name(),
			Reason: "has a " + name + " of its own, which results would replace: take them to another directory"}
	}
	return nil
}

// isListed tells whether a file came with earlier results.
func isListed(root *os.Root, name string) bool {
	text, err := root.ReadFile(BuildSumsFile)
	if err != nil {
		return false
	}
	sums, err := ParseSums(text)
	return err == nil && slices.ContainsFunc(sums, func(sum Sum) bool { return sum.Name == name })
}

// tidy takes away what an earlier build left, the checksums last. A lock file is left where there is no other to write, unless
// it came with earlier results.
func tidy(root *os.Root, files []artifact.File, options Options) error {
	var names []string
	for _, file := range files {
		names = append(names, file.Name+DigestsSuffix)
	}
	names = slices.Concat(names, ofTheBuild()[1:], neverListed(), []string{SumsFile})
	if len(options.Lock) == 0 && !isListed(root, LockFile) {
		names = slices.DeleteFunc(names, func(name string) bool { return name == LockFile })
	}
	for _, name := range names {
		for _, name := range []string{name, name + partSuffix} {
			if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
