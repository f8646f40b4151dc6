package inspect

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// assignment is a line of os-release.
var assignment = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)

// Release reads a file in the form of os-release (its manual page): lines of NAME=VALUE, as a shell reads them that expands
// nothing. Of a name that is there twice the last counts.
func Release(text string) (map[string]string, error) {
	values := map[string]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := assignment.FindStringSubmatch(line)
		if parts == nil {
			return values, fmt.Errorf("line %d is not NAME=VALUE", number)
		}
		value, err := unquote(parts[2])
		if err != nil {
			return values, fmt.Errorf("line %d: %w", number, err)
		}
		values[parts[1]] = value
	}
	return values, nil
}

// unquote is a word of a shell: bare, in double quotes with backslashes before what they protect, or in single ones.
func unquote(word string) (string, error) {
	if word == "" {
		return "", nil
	}
	quote := word[0]
	if quote != '"' && quote != '\'' {
		if strings.ContainsAny(word, " \t\"'`$\\") {
			return "", errors.New("its value is to be in quotes")
		}
		return word, nil
	}
	if len(word) < 2 || word[len(word)-1] != quote {
		return "", errors.New("its quotes do not end")
	}
	inner := word[1 : len(word)-1]
	if quote == '\'' {
		if strings.Contains(inner, "'") {
			return "", errors.New("it has more than one value")
		}
		return inner, nil
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		switch {
		case c == '"' || c == '`' || c == '$':
			return "", errors.New("it would be expanded")
		case c == '\\':
			i++
			if i == len(inner) {
				return "", errors.New("its quotes do not end")
			}
			if !strings.ContainsRune("\"\\`$", rune(inner[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(inner[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// cloudConfig is what the cloud-config of an OEM package says of the provider, as images of 2014 have it; nil is nothing.
func cloudConfig(text string) (*OEM, error) {
	var config struct {
		CoreOS struct {
			OEM struct {
				ID      string `yaml:"id"`
				Name    string `yaml:"name"`
				Version string `yaml:"version-id"`
			} `yaml:"oem"`
		} `yaml:"coreos"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return nil, errors.New("it is no cloud-config")
	}
	if oem := config.CoreOS.OEM; oem.ID != "" {
		return &OEM{ID: oem.ID, Name: oem.Name, Version: oem.Version}, nil
	}
	return nil, nil
}
