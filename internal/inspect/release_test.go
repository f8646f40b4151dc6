package inspect_test

import (
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/inspect"
)

func TestRelease(t *testing.T) {
	for text, want := range map[string]string{
		"X=":                 "",
		"X=a-b.c+1":          "a-b.c+1",
		`X="a b"`:            "a b",
		`X='a "b"'`:          `a "b"`,
		`X="a \"b\" \$ \\"`:  `a "b" $ \`,
		"# X=y\n\nX=1\nX=2":  "2",
		"X=\"Köln\"\r\nY=\"": "error: line 2: its quotes do not end",
		"X=a b":              "error: line 1: its value is to be in quotes",
		"X=$(reboot)":        "",
		"Y=1\nhello":         "error: line 2 is not NAME=VALUE",
		`X="$HOME"`:          "error: line 1: it would be expanded",
		`X='a'b'`:            "error: line 1: it has more than one value",
	} {
		values, err := inspect.Release(text)
		switch refusal, refused := strings.CutPrefix(want, "error: "); {
		case text == "X=$(reboot)":
			if err == nil {
				t.Error("it would be expanded")
			}
		case refused && (err == nil || err.Error() != refusal), !refused && (err != nil || values["X"] != want):
			t.Errorf("%q: got %q, %v", text, values["X"], err)
		}
	}
}

// Whatever a file holds, names are names, and what is read of it can be written so that the same is read again.
func FuzzRelease(f *testing.F) {
	f.Add("NAME=\"CoreOS \\\"Demo\\\"\"\nID='x'\nA=b")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := inspect.Release(text)
		if err != nil {
			return
		}
		for name, value := range values {
			quoted := name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`).Replace(value) + `"`
			again, err := inspect.Release(quoted)
			if err != nil || again[name] != value {
				t.Fatalf("%q is read again as %q: %v", value, again[name], err)
			}
		}
	})
}
