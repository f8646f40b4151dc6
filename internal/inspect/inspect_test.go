package inspect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/coreos-builder/coreos-builder/builder"
	"github.com/coreos-builder/coreos-builder/internal/inspect"
)

// sample is what inspect-image printed of a small image.
func sample(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/image.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// source prints something.
type source string

func (s source) InspectArtifact(_ context.Context, _ builder.Plan, _ string, _ bool, out io.Writer) error {
	_, err := io.WriteString(out, string(s))
	return err
}

func TestRead(t *testing.T) {
	image, err := inspect.Read(t.Context(), source(sample(t)), builder.Plan{}, "os.vmdk", "/ws/os.vmdk", true)
	if err != nil {
		t.Fatal(err)
	}
	systems := map[string]*inspect.FileSystem{}
	for _, p := range image.Partitions {
		systems[p.Label] = p.FileSystem
	}
	if image.Name != "os.vmdk" || systems["USR-A"].OSRelease["NAME"] != "CoreOS Demo" || *systems["OEM"].OEM != (inspect.OEM{ID: "vmware", Name: "VMware", Version: "0.0.1"}) {
		t.Errorf("got %+v", image)
	}
	want := inspect.File{Path: "/bin/su", Kind: "file", Mode: "4755", UID: 5, GID: 7, Size: 2, SHA256: strings.Repeat("8f", 32)}
	if difference := cmp.Diff(want, systems["USR-A"].Files[1]); difference != "" {
		t.Error(difference)
	}
	if _, err := inspect.Read(t.Context(), source("{"), builder.Plan{}, "os.vmdk", "", true); !errors.Is(err, builder.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	good := sample(t)
	for old, changed := range map[string]string{
		`"format": "vmdk"`:       `"format": "a\u001b[31m"`,
		`"number": 1`:            `"number": -1`,
		`"start": 2097152`:       `"start": 1e18`,
		`"kind": "symlink"`:      `"kind": "door"`,
		`"/bin/su"`:              `"/bin/../su"`,
		`"path": "/bin"`:         `"path": "/z"`,
		`"mode": "4755"`:         `"mode": "rwx"`,
		`"stored": 37867520`:     `"stored": -1`,
		`"type": "ext4"`:         `"type": ""`,
		`"size": 2520776704`:     `"sizes": 2520776704`,
		`"8f8f`:                  `"8g8f`,
		`"file_size": 40304640,`: ``,
	} {
		text := strings.Replace(good, old, changed, 1)
		if text == good {
			t.Fatalf("%s is not in it", old)
		}
		if _, err := inspect.Parse([]byte(text)); (err == nil) != (changed == "") {
			t.Errorf("%s: %v", changed, err)
		}
	}
	if _, err := inspect.Parse([]byte(good + "{}")); err == nil {
		t.Error("something followed it")
	}
}

// columns are what is between the columns of a table.
var columns = regexp.MustCompile(" +")

func TestText(t *testing.T) {
	image, err := inspect.Parse([]byte(sample(t)))
	if err != nil {
		t.Fatal(err)
	}
	image.Name = "os.vmdk"
	var out bytes.Buffer
	if err := image.Text(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"os.vmdk: vmdk, 2.3 GiB, takes 36.1 MiB",
		"Partition table: gpt 35AD1946-F6E4-1B4D-9998-D8CFC75DE9F7",
		"3 USR-A 66.0 MiB 128.0 MiB CoreOS usr 9D817565-610A-7E45-86C9-23567CA28EB6 ext4 USR-A 96199e80-5076-4943-a613-b852d212eae4, 32.9 MiB of 128.0 MiB used",
		"OEM: vmware 0.0.1 (VMware)",
		"  VERSION_ID=522.6.0",
		"SWAP was not read: it is of a kind that cannot be read here",
	} {
		if !strings.Contains(columns.ReplaceAllString(out.String(), " "), columns.ReplaceAllString(line, " ")+"\n") {
			t.Errorf("%q is not in:\n%s", line, out.String())
		}
	}
}

// Whatever is printed of an image, what is accepted of it can be shown, whole and without what a terminal acts on.
func FuzzParse(f *testing.F) {
	f.Add(sample(f))
	f.Add(`{"format":"raw","file_system":{"type":"ext4","label":"\u001b[31m\u009b","oem_config":"coreos: {oem: {id: x}}","files":[{"path":"/\u202e","kind":"file"}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		image, err := inspect.Parse([]byte(text))
		if err != nil {
			return
		}
		var shown bytes.Buffer
		if err := image.Text(&shown); err != nil {
			t.Fatal(err)
		}
		encoded, err := image.JSON()
		if err != nil {
			t.Fatal(err)
		}
		acts := func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}
		if strings.ContainsFunc(shown.String(), acts) || bytes.ContainsFunc(encoded, acts) {
			t.Fatalf("shown as %q, %q", shown.String(), encoded)
		}
		var again inspect.Image
		if err := json.Unmarshal(encoded, &again); err != nil {
			t.Fatal(err)
		}
	})
}
