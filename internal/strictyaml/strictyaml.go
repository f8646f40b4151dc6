// Package strictyaml reads YAML files that people write: a key that nobody knows, a key that is there twice and a
// value of another kind are errors, and every error names file and line.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Error is what is wrong with a file, and where.
type Error struct {
	File string
	// Line is 0 where there is none.
	Line    int
	Message string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Load reads the one document of a file into a struct; a file without one says nothing. What is wrong is an *Error: the
// first thing.
func Load(file string, content []byte, into any) error {
	var document yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(content)).Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil
	}
	err = yaml.Load(content, into, yaml.WithKnownFields())
	if err == nil {
		return nil
	}
	var several *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.As(err, &several) && len(several.Errors) > 0:
		one = several.Errors[0]
	case errors.As(err, &one):
	default:
		return &Error{File: file, Message: err.Error()}
	}
	return &Error{File: file, Line: one.Mark.Line, Message: message(one.Message, into)}
}

var unknown = regexp.MustCompile(`^field (.*) not found in type .*$`)

// message says what is wrong in words for somebody who has not seen the Go types.
func message(text string, into any) string {
	if found := unknown.FindStringSubmatch(text); found != nil {
		return fmt.Sprintf("there is no key %q%s", found[1], suggest(found[1], into))
	}
	text = strings.TrimPrefix(text, "yaml: ")
	return strings.NewReplacer("cannot construct !!str", "cannot take the text", "cannot construct !!seq", "cannot take a list",
		"cannot construct !!map", "cannot take keys", "cannot construct !!", "cannot take a ",
		"into []string", "for a list", "into string", "for a text").Replace(text)
}

// suggest names the top-level key that was probably meant.
func suggest(key string, into any) string {
	best, least := "", 3
	for _, known := range Keys(into) {
		if d := distance(strings.ReplaceAll(key, "-", "_"), known); d < least {
			best, least = known, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is how many letters have to be put in, taken out or replaced to make one word of another (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Keys are the keys that a struct, or a pointer to one, is read from.
func Keys(of any) []string {
	t := reflect.TypeOf(of)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var keys []string
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			keys = append(keys, Keys(reflect.New(t.Field(i).Type).Interface())...)
		case name != "" && name != "-":
			keys = append(keys, name)
		}
	}
	return keys
}
