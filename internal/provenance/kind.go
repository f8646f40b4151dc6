package provenance

import (
	"bytes"
	"path"
	"strings"
)

// headSize is how much of a file tells what it is: an ISO 9660 image begins after 32 KiB.
const headSize = 33 << 10

// kind says what a file is: the files that are known by their names by those, all others by how they begin.
func kind(name string, head []byte) string {
	switch name {
	case PlanFile:
		return "build plan"
	case ManifestFile:
		return "manifest of the sources"
	case StatementFile:
		return "provenance (SLSA, in-toto)"
	case LockFile:
		return "lock file"
	case SBOMFile:
		return "list of components (SBOM, CycloneDX)"
	case SumsFile:
		return "checksums of the results"
	}
	if packer, ok := strings.CutPrefix(byContent(head), "data compressed"); ok {
		// The name that it had before tells what is in it.
		if what := byName(strings.TrimSuffix(name, path.Ext(name))); what != "other" {
			return what + ", compressed" + packer
		}
	}
	// A VHD of fixed size is a raw image, with what tells it from one at its end.
	if what := byContent(head); what != "" && !strings.HasSuffix(name, ".vhd") {
		return what
	} else if strings.HasPrefix(what, "disk image") {
		return what
	}
	return byName(name)
}

func byContent(head []byte) string {
	for _, known := range []struct {
		at          int
		magic, kind string
	}{
		{0, "QFI\xfb", "disk image in qcow2"},
		{0, "KDMV", "disk image in VMDK"},
		{0, "COWD", "disk image in VMDK"},
		{0, "# Disk DescriptorFile", "description of a VMDK disk image"},
		{0, "conectix", "disk image in VHD"},
		{0, "vhdxfile", "disk image in VHDX"},
		{64, "\x7f\x10\xda\xbe", "disk image in VDI"},
		{32769, "CD001", "ISO 9660 image"},
		{514, "HdrS", "Linux kernel"},
		{512, "EFI PART", "raw disk image with a GPT"},
		{510, "\x55\xaa", "raw disk image with an MBR"},
		{0, "hsqs", "squashfs file system"},
		{1080, "\x53\xef", "ext2, ext3 or ext4 file system"},
		{257, "ustar", "tar archive"},
		{0, "070701", "cpio archive"},
		{0, "PK\x03\x04", "zip archive"},
		{0, "\x1f\x8b", "data compressed by gzip"},
		{0, "BZh", "data compressed by bzip2"},
		{0, "\xfd7zXZ\x00", "data compressed by xz"},
		{0, "\x28\xb5\x2f\xfd", "data compressed by zstd"},
		{0, "#!", "script"},
	} {
		if known.at+len(known.magic) <= len(head) && bytes.HasPrefix(head[known.at:], []byte(known.magic)) {
			return known.kind
		}
	}
	return ""
}

func byName(name string) string {
	for _, known := range []struct{ suffix, kind string }{
		{packagesSuffix, "list of packages"},
		{"_contents.txt", "list of files"},
		{"version.txt", "version"},
		{".vmx", "configuration of a VMware machine"},
		{".ovf", "configuration of a virtual machine (OVF)"},
		{".xml", "configuration of a virtual machine"},
		{".README", "instructions"},
		{DigestsSuffix, "checksums (MD5, SHA-1, SHA-512)"},
		{".bin", "raw image"},
		{".vhd", "disk image in VHD of fixed size"},
		{".json", "JSON"},
		{".txt", "text"},
	} {
		if strings.HasSuffix(name, known.suffix) {
			return known.kind
		}
	}
	return "other"
}
