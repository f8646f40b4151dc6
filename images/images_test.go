package images_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/images"
)

// contents are the files of a build context, by name.
func contents(t *testing.T, name string) (names []string, files map[string][]byte, modes map[string]int64) {
	t.Helper()
	archive, err := images.Context(name)
	if err != nil {
		t.Fatal(err)
	}
	files, modes = map[string][]byte{}, map[string]int64{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if err == io.EOF {
			return names, files, modes
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		files[header.Name], modes[header.Name] = content, header.Mode
	}
}

func TestABuildContextIsTheSameEachTime(t *testing.T) {
	for _, name := range images.Names() {
		one, err1 := images.Context(name)
		two, err2 := images.Context(name)
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			t.Errorf("%s: %v, %v", name, err1, err2)
		}
		names, _, modes := contents(t, name)
		program := "tools/enter-sdk"
		if name == "qemu" {
			program = "run-machine"
		}
		if !slices.Contains(names, "Dockerfile") || modes[program] != 0o755 || modes["Dockerfile"] != 0o644 {
			t.Errorf("%s: got %v, %v", name, names, modes)
		}
	}
	if _, err := images.Context("tools"); err == nil {
		t.Error("what is no image has a context")
	}
}

// Every script in a build context is one that its interpreter can read and, where shellcheck is there, finds nothing in.
func TestScriptsCanBeRead(t *testing.T) {
	shellcheck, _ := exec.LookPath("shellcheck")
	for _, name := range images.Names() {
		names, files, _ := contents(t, name)
		directory := t.TempDir()
		for _, file := range names {
			first, _, _ := strings.Cut(string(files[file]), "\n")
			path := filepath.Join(directory, filepath.Base(file))
			if err := os.WriteFile(path, files[file], 0o644); err != nil {
				t.Fatal(err)
			}
			switch {
			case strings.HasPrefix(first, "#!/bin/bash"), strings.HasPrefix(first, "#!/bin/sh"):
				check(t, file, "bash", "-n", path)
				if strings.HasPrefix(file, "tools/") {
					checkArrays(t, file, files[file])
				}
				if shellcheck != "" && strings.HasPrefix(file, "tools/") {
					check(t, file, shellcheck, path)
				}
			case strings.Contains(first, "python"):
				check(t, file, "python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", path)
			}
		}
	}
}

var bareArray = regexp.MustCompile(`[^+]"\$\{(\w+)\[@\]\}"`)

// checkArrays looks for arrays that are passed on without a word for the case that they are empty: for the bash of Ubuntu 14.04,
// 4.3, they are variables then that are not set. Two never are empty where they are used.
func checkArrays(t *testing.T, file string, script []byte) {
	for _, bare := range bareArray.FindAllSubmatch(script, -1) {
		if name := string(bare[1]); name != "urls" && name != "stale" {
			t.Errorf("%s: where %s is empty bash 4.3 ends with an error: it takes ${%s[@]+\"${%s[@]}\"}", file, name, name, name)
		}
	}
}

func check(t *testing.T, file, program string, arguments ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
	if out, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", file, err, out)
	}
}

// The id of a VMDK's content is a random number, written without leading zeros: the demo's images are the same whatever it is.
func TestTheIDOfAVMDKChangesNothingElse(t *testing.T) {
	const descriptor, data = 20 * 512, "the data"
	var settled []string
	for _, id := range []string{"12345678", "1234567"} {
		disk := make([]byte, 512+descriptor, 512+descriptor+len(data))
		binary.LittleEndian.PutUint64(disk[28:], 1)
		binary.LittleEndian.PutUint64(disk[36:], descriptor/512)
		copy(disk[512:], "version=1\nCID="+id+"\nparentCID=ffffffff\n")
		path := filepath.Join(t.TempDir(), "disk.vmdk")
		if err := os.WriteFile(path, append(disk, data...), 0o644); err != nil {
			t.Fatal(err)
		}
		check(t, path, "bash", "-euo", "pipefail", "-c", `source "$1" && settle_content_id "$2"`, "bash",
			filepath.Join("demo", "upstream", "scripts", "build_library", "vm_image_util.sh"), path)
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		settled = append(settled, string(after))
	}
	if settled[0] != settled[1] {
		t.Error("two ids make two images")
	}
	if !strings.HasPrefix(settled[0][512:], "version=1\nCID=20141202\nparentCID=ffffffff\n\x00") || !strings.HasSuffix(settled[0], data) ||
		len(settled[0]) != 512+descriptor+len(data) {
		t.Errorf("got %q", settled[0])
	}
}
