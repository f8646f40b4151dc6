package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/coreos-builder/coreos-builder/internal/progress"
)

// JSON is an image as JSON, without any character that a terminal would act on.
func (i Image) JSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(i); err != nil {
		return nil, err
	}
	var safe bytes.Buffer
	for _, r := range out.String() {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			fmt.Fprintf(&safe, `\u%04x`, r) // all that are not of JSON's own form are in texts
		} else {
			safe.WriteRune(r)
		}
	}
	return safe.Bytes(), nil
}

// Text writes what there is to say of an image for people.
func (i Image) Text(out io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s, %s, takes %s\n", i.Name, i.Format, progress.Size(i.Size), progress.Size(i.Stored))
	if i.Table == "" {
		b.WriteString("It has no partition table.\n")
		if i.FileSystem != nil {
			fmt.Fprintf(&b, "File system: %s\n", i.FileSystem.describe())
		}
		return flush(&b, out)
	}
	fmt.Fprintf(&b, "Partition table: %s %s\n\n", i.Table, i.TableID)
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NUMBER\tLABEL\tSTART\tSIZE\tTYPE\tUUID\tFILE SYSTEM")
	for _, p := range i.Partitions {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Number, cell(p.Label), progress.Size(p.Start), progress.Size(p.Size), cell(typeName(p.Type)),
			cell(p.UUID), cell(p.FileSystem.describe()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range i.Partitions {
		p.FileSystem.tell(&b, p.Label)
	}
	return flush(&b, out)
}

// flush writes lines without anything that a terminal would act on.
func flush(b *bytes.Buffer, out io.Writer) error {
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(progress.Clean(line), " ")); err != nil {
			return err
		}
	}
	return nil
}

// cell is a text that stays in its place in a table.
func cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if text == "" {
		return "-"
	}
	return text
}

// describe is a file system in a few words.
func (f *FileSystem) describe() string {
	if f == nil {
		return ""
	}
	text := f.Type
	if f.Label != "" {
		text += " " + f.Label
	}
	if f.UUID != "" {
		text += " " + f.UUID
	}
	if f.Size > 0 {
		text += fmt.Sprintf(", %s of %s used", progress.Size(f.Used), progress.Size(f.Size))
	}
	return text
}

// tell writes what a file system says of itself.
func (f *FileSystem) tell(b *bytes.Buffer, partition string) {
	if f == nil {
		return
	}
	if f.Unread != "" {
		fmt.Fprintf(b, "\n%s was not read: %s\n", cell(partition), cell(f.Unread))
	}
	if f.OEM != nil {
		fmt.Fprintf(b, "\nOEM: %s", cell(f.OEM.ID))
		if f.OEM.Version != "" {
			fmt.Fprintf(b, " %s", cell(f.OEM.Version))
		}
		if f.OEM.Name != "" {
			fmt.Fprintf(b, " (%s)", cell(f.OEM.Name))
		}
		b.WriteString("\n")
	}
	if len(f.OSRelease) > 0 {
		fmt.Fprintf(b, "\nThe operating system in %s:\n", cell(partition))
		for _, name := range []string{"NAME", "ID", "VERSION", "VERSION_ID", "BUILD_ID", "PRETTY_NAME", "GROUP"} {
			if value, ok := f.OSRelease[name]; ok {
				fmt.Fprintf(b, "  %s=%s\n", name, cell(value))
			}
		}
	}
}

// typeName is a partition's type, by name where it is one of CoreOS's (scripts, build_library/cgpt.py, and the UEFI
// specification).
func typeName(uuid string) string {
	names := map[string]string{
		"C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
		"21686148-6449-6E6F-744E-656564454649": "BIOS boot",
		"5DFBF5F4-2848-4BAC-AA5E-0D9A20B745A6": "CoreOS usr",
		"3884DD41-8582-4404-B9A8-E9B84F2DF50E": "CoreOS root",
		"C95DC21A-DF0E-4340-8D7B-26CBFA9A03E0": "CoreOS reserved",
		"0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux data",
	}
	if name, ok := names[strings.ToUpper(uuid)]; ok {
		return name
	}
	return uuid
}
