package builder

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// moved says which of the sources is elsewhere now.
func moved(from, to []Revision) string {
	if to == nil {
		return ""
	}
	was := map[string]string{}
	for _, r := range from {
		was[r.Name] = r.Revision
	}
	for _, r := range to {
		if was[r.Name] != r.Revision {
			return fmt.Sprintf("sources moved: %s from %s to %s", r.Name, short(was[r.Name]), short(r.Revision))
		}
		delete(was, r.Name)
	}
	for _, name := range sorted(was) {
		return fmt.Sprintf("sources moved: %s is gone", name)
	}
	return ""
}

func short(revision string) string {
	if revision == "" {
		return "nothing"
	}
	return revision[:min(12, len(revision))]
}

// changed says what of a step's definition is not as it was when the stamp was laid.
func changed(step Step, stamp Stamp) string {
	if step.Digest == stamp.Digest {
		return ""
	}
	var was Definition
	if err := json.Unmarshal(stamp.Definition, &was); err != nil {
		return "its stamp cannot be read"
	}
	for _, difference := range []string{
		inputsChanged(was.Inputs, step.Inputs),
		commandsChanged(was.Commands, step.Commands),
		commandsChanged(was.Recover, step.Recover),
		environmentChanged(was.Env, step.Env),
	} {
		if difference != "" {
			return difference
		}
	}
	if was.Image != step.Image {
		return fmt.Sprintf("builder image changed: %s is now %s", was.Image, step.Image)
	}
	return "the way its container is run changed"
}

func inputsChanged(was, is []Input) string {
	before, after := inputDigests(was), inputDigests(is)
	for _, name := range sorted(after) {
		if _, ok := before[name]; !ok {
			return "input file added: " + name
		}
		if before[name] != after[name] {
			return "input file changed: " + name
		}
	}
	for _, name := range sorted(before) {
		if _, ok := after[name]; !ok {
			return "input file removed: " + name
		}
	}
	return ""
}

func inputDigests(inputs []Input) map[string]string {
	digests := map[string]string{}
	for _, input := range inputs {
		for _, file := range input.Files {
			name := input.Option
			if file.Name != "" {
				name += "/" + file.Name
			}
			digests[name] = fmt.Sprint(file.SHA256, file.Executable)
		}
	}
	return digests
}

func commandsChanged(was, is [][]string) string {
	for i, argv := range is {
		if i >= len(was) {
			return "command added: " + strings.Join(argv, " ")
		}
		if slices.Equal(was[i], argv) {
			continue
		}
		return "command changed: " + wordsChanged(was[i], argv)
	}
	if len(was) > len(is) {
		return "command removed: " + strings.Join(was[len(is)], " ")
	}
	return ""
}

// wordsChanged shows two command lines by what they do not share.
func wordsChanged(was, is []string) string {
	gone := slices.DeleteFunc(slices.Clone(was), func(word string) bool { return slices.Contains(is, word) })
	added := slices.DeleteFunc(slices.Clone(is), func(word string) bool { return slices.Contains(was, word) })
	switch {
	case len(gone) == 0 && len(added) == 0:
		return strings.Join(is, " ")
	case len(gone) == 0:
		return "added " + strings.Join(added, " ")
	case len(added) == 0:
		return "removed " + strings.Join(gone, " ")
	}
	return fmt.Sprintf("%s is now %s", strings.Join(gone, " "), strings.Join(added, " "))
}

func environmentChanged(was, is map[string]string) string {
	for _, name := range sorted(is) {
		if was[name] != is[name] {
			return "environment changed: " + name
		}
	}
	for _, name := range sorted(was) {
		if _, ok := is[name]; !ok {
			return "environment changed: " + name
		}
	}
	return ""
}
