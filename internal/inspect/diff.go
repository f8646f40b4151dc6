package inspect

import (
	"fmt"
	"maps"
	"slices"
)

// Diff says where two images differ, a line each: the partition, the file, and what about it. Both were read with their
// files.
func Diff(a, b Image) []string {
	var d differences
	d.add("format", a.Format, b.Format)
	d.add("size", a.Size, b.Size)
	d.add("partition table", a.Table+" "+a.TableID, b.Table+" "+b.TableID)
	d.fileSystem("", a.FileSystem, b.FileSystem)
	one, two := byNumber(a), byNumber(b)
	for _, number := range keys(one, two) {
		p, inA := one[number]
		q, inB := two[number]
		where := fmt.Sprintf("partition %d (%s)", number, cell(p.Label+q.Label))
		if !inA || !inB {
			d.only(where, inA)
			continue
		}
		where = fmt.Sprintf("partition %d (%s)", number, cell(p.Label))
		d.add(where+": label", p.Label, q.Label)
		d.add(where+": type", p.Type, q.Type)
		d.add(where+": UUID", p.UUID, q.UUID)
		d.add(where+": place", fmt.Sprint(p.Start, "+", p.Size), fmt.Sprint(q.Start, "+", q.Size))
		d.add(where+": attributes", p.Attributes, q.Attributes)
		d.fileSystem(where, p.FileSystem, q.FileSystem)
	}
	return d
}

type differences []string

func (d *differences) add(what string, a, b any) {
	if a != b {
		*d = append(*d, fmt.Sprintf("%s: %s → %s", what, cell(fmt.Sprint(a)), cell(fmt.Sprint(b))))
	}
}

func (d *differences) only(what string, first bool) {
	which := "second"
	if first {
		which = "first"
	}
	*d = append(*d, fmt.Sprintf("%s: is in the %s alone", what, which))
}

func (d *differences) fileSystem(where string, a, b *FileSystem) {
	if a == nil || b == nil {
		if a != b {
			d.only(where+": a file system", a != nil)
		}
		return
	}
	d.add(where+": file system", a.Type, b.Type)
	d.add(where+": label of the file system", a.Label, b.Label)
	d.add(where+": UUID of the file system", a.UUID, b.UUID)
	d.add(where+": used", a.Used, b.Used)
	one, two := byPath(a), byPath(b)
	for _, path := range keys(one, two) {
		f, inA := one[path]
		g, inB := two[path]
		name := where + ": " + cell(path)
		switch {
		case !inA || !inB:
			d.only(name, inA)
		case f.SHA256 != g.SHA256 || f.Size != g.Size:
			*d = append(*d, fmt.Sprintf("%s: other contents (%d and %d bytes)", name, f.Size, g.Size))
		case f != g:
			*d = append(*d, fmt.Sprintf("%s: %s %s %d:%d %s → %s %s %d:%d %s", name,
				f.Kind, f.Mode, f.UID, f.GID, cell(f.Target), g.Kind, g.Mode, g.UID, g.GID, cell(g.Target)))
		}
	}
}

func byNumber(i Image) map[int]Partition {
	all := map[int]Partition{}
	for _, p := range i.Partitions {
		all[p.Number] = p
	}
	return all
}

func byPath(f *FileSystem) map[string]File {
	all := map[string]File{}
	for _, file := range f.Files {
		all[file.Path] = file
	}
	return all
}

// keys are those of either map, in order.
func keys[K int | string, V any](a, b map[K]V) []K {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return slices.Sorted(maps.Keys(both))
}
