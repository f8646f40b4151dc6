package recipe_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/recipe"
)

// inSDK is what the shells on the way into the SDK chroot take for nothing but text.
var inSDK = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Whatever a user sets an option to, it is refused, or it arrives: no word of a command is more than one, and none that is
// read by a shell on its way is more than text.
func FuzzOptions(f *testing.F) {
	coreos, err := recipe.Load("coreos")
	if err != nil {
		f.Fatal(err)
	}
	for _, value := range []string{"amd64-usr", "509.1.0", "build-509", "Alpha", "a b", "$(reboot)", "`id`", "a;b", "'", `"`, `\`, "a\nb", "-x", "--to=/", "~", "*", "../..", "é", "\x00", ""} {
		for i := range coreos.Options {
			f.Add(byte(i), value)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, value string) {
		option := coreos.Options[int(which)%len(coreos.Options)]
		if option.File || option.Secret {
			t.Skip("never a value")
		}
		plan, err := builder.Compile(coreos, builder.Config{Options: map[string][]string{option.Name: {value}}})
		if err != nil {
			var input *builder.InputError
			if !errors.As(err, &input) {
				t.Errorf("%s %q: %v is not told as a mistake of the one who asks", option.Name, value, err)
			}
			return
		}
		for _, step := range plan.Steps {
			for _, argv := range append(step.Commands, step.Recover...) {
				if strings.ContainsFunc(strings.Join(argv, ""), unicode.IsControl) {
					t.Errorf("%s %q: a control character is in %q", option.Name, value, argv)
				}
				if argv[0] != "enter-sdk" {
					continue
				}
				if i := slices.IndexFunc(argv, func(word string) bool { return !inSDK.MatchString(word) }); i >= 0 {
					t.Errorf("%s %q: %q reaches a shell", option.Name, value, argv[i])
				}
			}
		}
	})
}
