package machine_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/coreos-builder/coreos-builder/internal/machine"
)

func TestWatch(t *testing.T) {
	for name, test := range map[string]struct {
		shown []string
		want  machine.Verdict
		last  string
	}{
		"a prompt":          {[]string{"hello\r\n", "\rlocal", "host log", "in: "}, machine.Verdict{Line: "localhost login:"}, "hello|localhost login:"},
		"in colours":        {[]string{"\x1b[1mx login: \x1b[0m"}, machine.Verdict{Line: "x login:"}, "x login:"},
		"a panic":           {[]string{"[ 1.0] Kernel panic - not syncing: VFS\n", "login: "}, machine.Verdict{Trouble: `its kernel panicked ("[ 1.0] Kernel panic - not syncing: VFS")`}, "[ 1.0] Kernel panic - not syncing: VFS|login:"},
		"a panic in parts":  {[]string{"Kernel panic - V", "FS\n"}, machine.Verdict{Trouble: `its kernel panicked ("Kernel panic - VFS")`}, "Kernel panic - VFS"},
		"nothing to boot":   {[]string{"No bootable device.\n"}, machine.Verdict{Trouble: `its firmware finds nothing to boot ("No bootable device.")`}, "No bootable device."},
		"nothing":           {[]string{"a\n", "\n", "\r\n", "b"}, machine.Verdict{}, "a|b"},
		"panic, but waited": {[]string{"login: Kernel panic"}, machine.Verdict{Line: "login: Kernel panic"}, "login: Kernel panic"},
		"over two lines":    {[]string{"log\nin: "}, machine.Verdict{}, "log|in:"},
	} {
		t.Run(name, func(t *testing.T) {
			w := machine.NewWatch(regexp.MustCompile("login: "))
			for _, text := range test.shown {
				fmt.Fprint(w, text)
			}
			var got machine.Verdict
			select {
			case got = <-w.Verdict():
			default:
			}
			if last := strings.Join(w.Last(), "|"); got != test.want || last != test.last {
				t.Errorf("got %+v, %q", got, last)
			}
		})
	}
}

// Whatever a console shows, and in whatever parts: no more than a few lines are kept, none with what a terminal acts on,
// and the verdict is the same.
func FuzzWatch(f *testing.F) {
	f.Add("hello\r\nx login: ", 3)
	f.Add(strings.Repeat("x", 5000)+"\x1b]0;login: \x07\n", 50)
	f.Fuzz(func(t *testing.T, shown string, part int) {
		whole, parts := machine.NewWatch(regexp.MustCompile("login: $")), machine.NewWatch(regexp.MustCompile("login: $"))
		fmt.Fprint(whole, shown)
		for len(shown) > 0 {
			n := min(len(shown), max(1, part))
			fmt.Fprint(parts, shown[:n])
			shown = shown[n:]
		}
		one, two := strings.Join(whole.Last(), "\n"), strings.Join(parts.Last(), "\n")
		if one != two || len(whole.Last()) > 20 {
			t.Fatalf("kept %q and %q", one, two)
		}
		if strings.ContainsFunc(strings.ReplaceAll(one, "\n", ""), unicode.IsControl) {
			t.Fatalf("kept %q", one)
		}
		if len(whole.Verdict()) > len(parts.Verdict()) { // in parts a line may match that goes on
			t.Fatal("in parts it did not come")
		}
	})
}
