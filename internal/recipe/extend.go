package recipe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/coreos-builder/coreos-builder/builder"
)

// extend is a recipe with what a file says in place of what the recipe says.
func extend(r builder.Recipe, f file) (builder.Recipe, error) {
	r.Name = cmp.Or(f.Name, r.Name)
	r.About = cmp.Or(f.About, r.About)
	r.Dir = cmp.Or(f.Dir, r.Dir)
	r.Cache = cmp.Or(f.Cache, r.Cache)
	r.CacheKind = cmp.Or(f.CacheKind, r.CacheKind)
	if f.Image.Name != "" {
		r.Image = f.Image
	}
	if f.Artifacts.Dir != "" {
		r.Artifacts = f.Artifacts
	}
	if f.Releases.Number != "" {
		r.Releases = f.Releases
	}
	if f.Versions != nil {
		r.Versions = f.Versions
	}
	if f.Errata != nil {
		r.Errata = f.Errata
	}
	if f.Pins != nil {
		r.Pins = f.Pins
	}
	if f.Memory != nil {
		r.Memory = f.Memory
	}
	if f.Disk != nil {
		r.Disk = f.Disk
	}
	r.Boot = bootOver(r.Boot, f.Boot)
	r.Minimal = merged(r.Minimal, f.Minimal)
	r.Enter = merged(r.Enter, f.Enter)
	r.Values = merged(r.Values, f.Values)
	for _, name := range f.Omit {
		if !slices.ContainsFunc(r.Options, named(name)) {
			return r, fmt.Errorf("omit: recipe %s has no option %s", f.Extends, name)
		}
		r.Options = slices.DeleteFunc(r.Options, named(name))
	}
	for _, option := range f.Options {
		if i := slices.IndexFunc(r.Options, named(option.Name)); i >= 0 {
			r.Options[i] = override(r.Options[i], option)
		} else {
			r.Options = append(r.Options, option)
		}
	}
	for _, phase := range f.Phases {
		same := func(p builder.Phase) bool { return p.Name == phase.Name }
		if i := slices.IndexFunc(r.Phases, same); i >= 0 {
			r.Phases[i] = phase
		} else {
			r.Phases = append(r.Phases, phase)
		}
	}
	return r, nil
}

// bootOver is how results are started, with what a file says in place of what the recipe says.
func bootOver(base, over builder.Boot) builder.Boot {
	if over.Image.Name != "" {
		base.Image = over.Image
	}
	base.Expect = cmp.Or(over.Expect, base.Expect)
	base.Memory = cmp.Or(over.Memory, base.Memory)
	base.CPUs = cmp.Or(over.CPUs, base.CPUs)
	if over.Formats != nil {
		base.Formats = over.Formats
	}
	if over.Cannot != nil {
		base.Cannot = over.Cannot
	}
	return base
}

func named(name string) func(builder.Option) bool {
	return func(o builder.Option) bool { return o.Name == name }
}

func merged[V any](base, over map[string]V) map[string]V {
	all := map[string]V{}
	maps.Copy(all, base)
	maps.Copy(all, over)
	return all
}

func override(base, over builder.Option) builder.Option {
	base.About = cmp.Or(over.About, base.About)
	base.Default = cmp.Or(over.Default, base.Default)
	base.Pattern = cmp.Or(over.Pattern, base.Pattern)
	base.Form = cmp.Or(over.Form, base.Form)
	if over.Values != nil {
		base.Values, base.Releases = over.Values, over.Releases
	}
	if over.Excludes != nil {
		base.Excludes = over.Excludes
	}
	return base
}
