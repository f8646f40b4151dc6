package provenance

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sum is a line of a file of checksums.
type Sum struct{ SHA256, Name string }

// FormatSums writes checksums as sha256sum does, by name.
func FormatSums(sums []Sum) []byte {
	sums = slices.Clone(sums)
	slices.SortFunc(sums, func(a, b Sum) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	for _, sum := range sums {
		fmt.Fprintf(&text, "%s  %s\n", sum.SHA256, sum.Name)
	}
	return text.Bytes()
}

// ParseSums reads what FormatSums writes. It is strict: a list that can be read in two ways checks nothing.
func ParseSums(text []byte) ([]Sum, error) {
	if len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	if text[len(text)-1] != '\n' {
		return nil, errors.New("its last line has no end: it was cut off")
	}
	var sums []Sum
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		digest, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || !isSHA256(digest) {
			return nil, fmt.Errorf("line %d is not 64 hexadecimal digits, two spaces and a name", number)
		}
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if seen[name] {
			return nil, fmt.Errorf("line %d: %q comes twice", number, name)
		}
		seen[name] = true
		sums = append(sums, Sum{digest, name})
	}
	return sums, nil
}

// checkName refuses what is not the plain name of a file right in the directory, that people and programs can read.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`):
		return fmt.Errorf("%q is not a file name", name)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the name %q holds what is no text", name)
	case strings.HasSuffix(name, partSuffix):
		return fmt.Errorf("%q is the name of a file that is not whole", name)
	case slices.Contains(neverListed(), name):
		return fmt.Errorf("%q cannot be in a list of checksums", name)
	}
	return nil
}
