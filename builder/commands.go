package builder

import (
	"fmt"
	"regexp"
	"slices"
)

// commands are the words of a phase's commands, with what enters their place before them.
func (c compiler) commands(phase Phase, commands []Command, values map[string]any) ([][]string, error) {
	var argvs [][]string
	for _, command := range commands {
		wanted, err := holds(command.When, values)
		if err != nil {
			return nil, c.wrong(phase, err)
		}
		if !wanted {
			continue
		}
		argv, err := words(command.Argv, values)
		if err != nil {
			return nil, c.wrong(phase, err)
		}
		place := phase.In
		if command.In != "" {
			place = command.In
		}
		if place != "" && place != "workspace" {
			if argv, err = c.recipe.Enter[place].Command(argv); err != nil {
				return nil, &InputError{Option: "step " + phase.Name, Reason: err.Error()}
			}
		}
		argvs = append(argvs, argv)
	}
	return argvs, nil
}

// Command is the argv that runs a command in the place.
func (e Enter) Command(argv []string) ([]string, error) {
	accepts, err := regexp.Compile(`^(?:` + e.Accepts + `)$`)
	if err != nil {
		return nil, err
	}
	for _, word := range argv {
		if e.Accepts != "" && !accepts.MatchString(word) {
			return nil, fmt.Errorf("cannot pass %q through %s, which reads its words as a shell does", word, e.Argv[0])
		}
	}
	return append(slices.Clone(e.Argv), argv...), nil
}

func (c compiler) sources(phase Phase, values map[string]any) (*Sources, error) {
	if phase.Sources == nil {
		return nil, nil
	}
	floating, err := holds(phase.Sources.Floating, values)
	if err != nil {
		return nil, c.wrong(phase, err)
	}
	sources := &Sources{}
	if sources.Synced, err = words(phase.Sources.Synced, values); err != nil {
		return nil, c.wrong(phase, err)
	}
	if floating {
		if sources.Latest, err = words(phase.Sources.Latest, values); err != nil {
			return nil, c.wrong(phase, err)
		}
	}
	return sources, nil
}
