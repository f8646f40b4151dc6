package docker

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/mount"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/images"
)

// Script is a plan as a shell script that does by hand, with the docker command, what Build does through the API: the
// same image, the same volume, the same containers. The workspace that it leaves is one that Build goes on with.
// Artefacts are copied to a directory, unless it is empty.
func Script(plan builder.Plan, order builder.Order, directory string) (string, error) {
	var s script
	s.add("#!/bin/sh")
	s.add("# Workspace %s, recipe %s: what coreos-builder does, by hand. Needs docker, base64 and tar.", plan.Workspace, plan.Recipe)
	s.add("set -eu\n")
	s.add("# What runs in every container: checks what the step needs, runs its commands, and stamps it as done.")
	s.add("step=$(cat <<'END_OF_STEP'\n%sEND_OF_STEP\n)\n", stepScript)
	if err := s.image(plan.Image); err != nil {
		return "", err
	}
	labels := environment(map[string]string{labelKind: kindVolume, labelWorkspace: plan.Workspace, labelRecipe: plan.Recipe})
	if plan.Cache != "" {
		s.add("# What all workspaces share.")
		s.add("docker volume create --label %s %s >/dev/null\n", Quote(labelKind+"="+kindCache), cacheName(plan))
	}
	s.add("# The workspace.")
	s.add("docker volume create %s %s >/dev/null\n", line(repeat("--label", labels)...), Quote(volumeName(plan.Workspace)))
	for _, step := range plan.Steps {
		if err := s.step(plan, step, order); err != nil {
			return "", err
		}
	}
	if directory != "" {
		s.artifacts(plan, directory)
	}
	return s.String(), nil
}

type script struct{ strings.Builder }

func (s *script) add(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// image is the builder image, made from the build context that the script itself holds.
func (s *script) image(source builder.ImageSource) error {
	archive, err := images.Context(source.Name)
	if err != nil {
		return err
	}
	text, err := pack(archive)
	if err != nil {
		return err
	}
	words := []string{"--tag", source.Tag, "--label", labelKind + "=" + kindImage}
	words = append(words, repeat("--build-arg", environment(source.Args))...)
	s.add("# The builder image. Its tag is the digest of all that goes into it.")
	s.add("if ! docker image inspect %s >/dev/null 2>&1; then", Quote(source.Tag))
	s.add("  base64 --decode <<'END_OF_CONTEXT' | docker build %s -\n%sEND_OF_CONTEXT\nfi\n", line(words...), text)
	return nil
}

func (s *script) step(plan builder.Plan, step builder.Step, order builder.Order) error {
	made := stepSpec(plan, step, builder.Order{Client: "plan --sh"})
	name := Quote(stepName(plan.Workspace, step.Name))
	s.add("# %s: %s", step.Name, step.About)
	s.add("docker rm --force %s >/dev/null 2>&1 || true", name)
	s.add("docker create --name %s %s >/dev/null", name, line(made.words()...))
	if len(step.Inputs) > 0 {
		archive, err := archiveInputs(step.Inputs, order)
		if err != nil {
			return err
		}
		text, err := pack(archive)
		if err != nil {
			return err
		}
		s.add("base64 --decode <<'END_OF_FILES' | gzip --decompress | docker cp - %s:/\n%sEND_OF_FILES", name, text)
	}
	if step.Stdin == nil {
		s.add("docker start --attach %s\n", name)
		return nil
	}
	// The empty line is in the place of a verifier, by which a later build would know whether the secret is the same.
	variable := strings.ToUpper(step.Stdin.Secret) + "_FILE"
	read := `cat "$` + variable + `"`
	if step.Stdin.As == "read-line" {
		read = `sed 's/[\ 	]/\\&/g' "$` + variable + `"`
	}
	s.add(`: "${%s:?is to name the file that holds the %s}"`, variable, step.Stdin.Secret)
	s.add("{ echo; %s; echo; } | docker start --attach --interactive %s\n", read, name)
	return nil
}

// tarArtifacts is: bash -c tarArtifacts tar DIRECTORY PATTERN...: the plain files whose names match, without their holes.
const tarArtifacts = `set -euo pipefail
cd "$1"
shift
names=()
for pattern in "$@"; do names+=(-o -name "$pattern"); done
find . -maxdepth 1 -type f \( "${names[@]:1}" \) -printf '%P\0' | LC_ALL=C sort --zero-terminated |
  tar --create --null --files-from=- --sparse --format=gnu --numeric-owner`

// artifacts copies the results out, without their holes, and writes their checksums.
func (s *script) artifacts(plan builder.Plan, directory string) {
	made := toolSpec(plan, append([]string{"bash", "-c", tarArtifacts, "tar", plan.Artifacts.Dir}, plan.Artifacts.Files...))
	out := Quote(directory)
	s.add("# The artefacts.")
	s.add("mkdir -p -- %s", out)
	s.add("names=$(docker run --rm %s | tar --extract --verbose --sparse --no-same-owner --directory %s)", line(made.words()...), out)
	s.add(`(cd -- %s && printf '%%s\n' "$names" | xargs sha256sum >SHA256SUMS)`, out)
}

// words are the options of docker create that make the container of a spec, its image and its command.
func (s spec) words() []string {
	words := repeat("--label", environment(s.container.Labels))
	words = append(words, repeat("--env", s.container.Env)...)
	words = append(words, "--workdir", s.container.WorkingDir)
	if s.container.Hostname != "" {
		words = append(words, "--hostname", s.container.Hostname)
	}
	if s.host.NetworkMode != "" {
		words = append(words, "--network", string(s.host.NetworkMode))
	}
	words = append(words, repeat("--add-host", s.host.ExtraHosts)...)
	if s.container.OpenStdin {
		words = append(words, "--interactive")
	}
	if s.host.Privileged {
		words = append(words, "--privileged", "--userns", "host")
	}
	words = append(words, repeat("--cap-drop", s.host.CapDrop)...)
	words = append(words, repeat("--cap-add", s.host.CapAdd)...)
	words = append(words, repeat("--device-cgroup-rule", s.host.DeviceCgroupRules)...)
	words = append(words, repeat("--security-opt", s.host.SecurityOpt)...)
	for _, m := range s.host.Mounts {
		words = append(words, "--mount", mountWord(m))
	}
	words = append(words, "--log-driver", s.host.LogConfig.Type)
	words = append(words, repeat("--log-opt", environment(s.host.LogConfig.Config))...)
	entrypoint := s.container.Entrypoint
	if len(entrypoint) > 0 {
		words = append(words, "--entrypoint", entrypoint[0])
		entrypoint = entrypoint[1:]
	}
	words = append(words, s.container.Image)
	words = append(words, entrypoint...)
	return append(words, s.container.Cmd...)
}

func mountWord(m mount.Mount) string {
	text := fmt.Sprintf("type=%s,source=%s,target=%s", m.Type, m.Source, m.Target)
	if m.ReadOnly {
		text += ",readonly"
	}
	return text
}

// repeat is a flag with each of its values.
func repeat(flag string, values []string) []string {
	var words []string
	for _, value := range values {
		words = append(words, flag, value)
	}
	return words
}

// line is a command line. What runs every step is a variable in it.
func line(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if quoted[i] = Quote(word); word == stepScript {
			quoted[i] = `"$step"`
		}
	}
	return strings.Join(quoted, " ")
}

// Quote is a word as a shell reads it back, whatever is in it.
func Quote(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// pack compresses data and writes it as lines of text.
func pack(data []byte) (string, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	var lines strings.Builder
	for chunk := range slices.Chunk([]byte(text), 76) {
		lines.Write(append(chunk, '\n'))
	}
	return lines.String(), nil
}
