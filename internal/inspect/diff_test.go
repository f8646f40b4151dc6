package inspect

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func disk() Image {
	return Image{Format: "raw", Size: 100, Table: "gpt", TableID: "A", Partitions: []Partition{
		{Number: 1, Label: "EFI", Type: "efi", UUID: "1", Start: 10, Size: 20},
		{Number: 3, Label: "USR-A", Type: "usr", UUID: "3", Start: 30, Size: 40, FileSystem: &FileSystem{Type: "ext4", UUID: "u", Used: 7, Files: []File{
			{Path: "/bin/sh", Kind: "file", Mode: "755", Size: 3, SHA256: "aa"},
			{Path: "/lib", Kind: "symlink", Target: "lib64"},
		}}},
	}}
}

func TestDiffNamesThePlace(t *testing.T) {
	if got := Diff(disk(), disk()); len(got) > 0 {
		t.Errorf("the same differs: %v", got)
	}
	for wanted, change := range map[string]func(*Image){
		"format: raw → qcow2":                                      func(i *Image) { i.Format = "qcow2" },
		"size: 100 → 7":                                            func(i *Image) { i.Size = 7 },
		"partition table: gpt A → gpt B":                           func(i *Image) { i.TableID = "B" },
		"partition 1 (EFI): is in the first alone":                 func(i *Image) { i.Partitions = i.Partitions[1:] },
		"partition 1 (EFI): UUID: 1 → 2":                           func(i *Image) { i.Partitions[0].UUID = "2" },
		"partition 1 (EFI): place: 10+20 → 10+21":                  func(i *Image) { i.Partitions[0].Size++ },
		"partition 1 (EFI): label: EFI → e\uFFFD":                  func(i *Image) { i.Partitions[0].Label = "e\x1b" },
		"partition 1 (EFI): a file system: is in the second alone": func(i *Image) { i.Partitions[0].FileSystem = &FileSystem{} },
		"partition 3 (USR-A): UUID of the file system: u → v":      func(i *Image) { i.Partitions[1].FileSystem.UUID = "v" },
		"partition 3 (USR-A): used: 7 → 8":                         func(i *Image) { i.Partitions[1].FileSystem.Used = 8 },
		"partition 3 (USR-A): /bin/sh: is in the first alone": func(i *Image) {
			i.Partitions[1].FileSystem.Files = i.Partitions[1].FileSystem.Files[1:]
		},
		"partition 3 (USR-A): /bin/sh: other contents (3 and 3 bytes)": func(i *Image) { i.Partitions[1].FileSystem.Files[0].SHA256 = "bb" },
		"partition 3 (USR-A): /bin/sh: file 755 0:0 - → file 4755 0:0 -": func(i *Image) {
			i.Partitions[1].FileSystem.Files[0].Mode = "4755"
		},
		"partition 3 (USR-A): /lib: symlink  0:0 lib64 → symlink  0:0 lib32": func(i *Image) {
			i.Partitions[1].FileSystem.Files[1].Target = "lib32"
		},
	} {
		other := disk()
		change(&other)
		if difference := cmp.Diff([]string{wanted}, Diff(disk(), other)); difference != "" {
			t.Error(difference)
		}
	}
}
