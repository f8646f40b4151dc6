package builder

import (
	"fmt"
	"strings"
	"text/template"
)

// expand fills in a template. A value that does not exist is an error.
func expand(text string, values map[string]any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	parsed, err := template.New(text).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := parsed.Execute(&out, values); err != nil {
		return "", err
	}
	return out.String(), nil
}

// words fills in the words of a command; those that come out empty are left out.
func words(templates []string, values map[string]any) ([]string, error) {
	var argv []string
	for _, template := range templates {
		word, err := expand(template, values)
		if err != nil {
			return nil, err
		}
		if word != "" {
			argv = append(argv, word)
		}
	}
	if len(argv) == 0 {
		return nil, fmt.Errorf("the command %q comes out empty", templates)
	}
	return argv, nil
}

// holds tells whether a condition is true; an empty one is.
func holds(condition string, values map[string]any) (bool, error) {
	if condition == "" {
		return true, nil
	}
	text, err := expand(condition, values)
	if err != nil {
		return false, err
	}
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("the condition %q gives %q, neither true nor false", condition, text)
}
