package provenance

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Build is what is known of a build. Describe fills in what a plan and a workspace tell; the rest is for whoever has the
// engine at hand. What is not known is left empty, and is then not claimed.
type Build struct {
	Plan builder.Plan
	// Steps are the runs that made the results, in the plan's order.
	Steps []StepRun
	// Sources are the revisions that were fetched.
	Sources []builder.Revision
	// Invocation tells this build from all others: the run of the step that ended last.
	Invocation        string
	Started, Finished time.Time
	// Materials are what else went in.
	Materials []Material

	// Manifest is what repo manifest -r gave, every project at a commit, and ManifestURL where its repository is: URLs in
	// it may be relative to that.
	Manifest    []byte
	ManifestURL string
	// ImageID is the engine's digest of the builder image: "sha256:" and 64 hexadecimal digits.
	ImageID string
	// Version is this program's, and Engine the engine's: its name and version.
	Version, Engine string
}

// StepRun is one run of a step.
type StepRun struct {
	Step   string `json:"step"`
	Digest string `json:"digest"`
	Run    string `json:"run"`
	// Started and Finished are times of the engine.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
}

// Material is one thing that a build was made from.
type Material struct {
	Name string
	// URI is where it came from, if that is known.
	URI string
	// Commit is that of a git repository, 40 hexadecimal digits; SHA256 that of a file, 64.
	Commit, SHA256 string
}

// Describe is what a plan and the workspace that it was run in tell of a build. Stamps of other plans' steps are not
// part of it.
func Describe(plan builder.Plan, w builder.Workspace) Build {
	b := Build{Plan: plan, Materials: materials(plan)}
	for _, step := range plan.Steps {
		stamp, ok := w.Stamps[step.Name]
		if !ok || stamp.Digest != step.Digest {
			continue
		}
		b.Steps = append(b.Steps, StepRun{step.Name, stamp.Digest, stamp.Run, stamp.Started.UTC(), stamp.Finished.UTC()})
		b.Sources = append(b.Sources, stamp.Sources...)
		if b.Started.IsZero() || stamp.Started.Before(b.Started) {
			b.Started = stamp.Started.UTC()
		}
		if stamp.Finished.After(b.Finished) {
			b.Finished, b.Invocation = stamp.Finished.UTC(), stamp.Run
		}
	}
	return b
}

// AddImage adds an image from a registry to what a build was made from, by the registry's digest of it. One that has no
// digest, or that is named already, is not added.
func (b *Build) AddImage(reference, digest string) {
	digest, ok := strings.CutPrefix(digest, shaPrefix)
	if m := imageMaterial(reference, digest); ok && isSHA256(digest) && !slices.Contains(b.Materials, m) {
		b.Materials = append(b.Materials, m)
	}
}

func imageMaterial(reference, digest string) Material {
	reference, _, _ = strings.Cut(reference, "@")
	return Material{Name: "image " + reference, URI: "docker://" + reference, SHA256: digest}
}

// materials are what a plan itself says that goes in, besides the sources.
func materials(plan builder.Plan) []Material {
	var all []Material
	if context := strings.TrimPrefix(plan.Image.Context, shaPrefix); isSHA256(context) {
		all = append(all, Material{Name: "builder image context " + plan.Image.Name, SHA256: context})
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Image.Args)) {
		value := plan.Image.Args[name]
		// An image by its digest, and a repository by the commit: what an argument is called differs from image to image,
		// what such a pair means does not.
		if reference, digest, ok := strings.Cut(value, "@"+shaPrefix); ok && isSHA256(digest) {
			all = append(all, imageMaterial(reference, digest))
		}
		if repository, ok := strings.CutSuffix(name, "_COMMIT"); ok && isCommit(value) {
			url := plan.Image.Args[repository+"_URL"]
			all = append(all, Material{Name: strings.ToLower(repository), URI: gitURI(url, value), Commit: value})
		}
	}
	seen := map[string]bool{}
	for _, step := range plan.Steps {
		for _, input := range step.Inputs {
			for _, file := range input.Files {
				m := Material{Name: strings.TrimSuffix("input "+input.Option+"/"+file.Name, "/"), SHA256: file.SHA256}
				if !seen[m.Name] {
					seen[m.Name] = true
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// gitURI is a commit of a repository, as SPDX and SLSA write it; empty where the repository is not known.
func gitURI(url, commit string) string {
	if url == "" {
		return ""
	}
	if strings.HasPrefix(url, "/") {
		url = "file://" + url
	}
	return "git+" + url + "@" + commit
}

const shaPrefix = "sha256:"

func isSHA256(text string) bool { return len(text) == 64 && isHex(text) }
func isCommit(text string) bool { return len(text) == 40 && isHex(text) }
func isHex(text string) bool    { return strings.Trim(text, "0123456789abcdef") == "" }
