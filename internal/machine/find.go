// Package machine is a virtual machine that an artefact is started in: how QEMU is called for it, and what its serial
// console says.
package machine

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/coreos-builder/coreos-builder/builder"
)

// Artifact is what is to be started, and how.
type Artifact struct {
	builder.BootFormat
	// Path is the file, and KernelPath the kernel of one that is an initrd.
	Path, KernelPath string
}

// Find is the artefact of a plan that is meant by a format, or by the name of a file; by nothing, the first of the plan's
// formats. The names are those of the artefacts that are there. That there is none is a *builder.InputError.
func Find(plan builder.Plan, asked string, names []string) (Artifact, error) {
	if plan.Boot.Image.Name == "" {
		return Artifact{}, &builder.InputError{Option: "boot", Reason: fmt.Sprintf("is not possible: recipe %s does not say how", plan.Recipe)}
	}
	if asked == "" {
		return first(plan, names)
	}
	if format, ok := named(plan.Boot, asked); ok {
		return format.among(plan, asked, names)
	}
	if why := plan.Boot.Cannot[asked]; why != "" {
		return Artifact{}, refuse(plan, asked, "cannot be booted in QEMU: "+why, names)
	}
	if files := matching("*_"+asked+"_image.*", names); len(files) == 1 { // of a format that a user has added
		asked = files[0]
	}
	if !slices.Contains(names, asked) {
		return Artifact{}, refuse(plan, asked, "is neither a format that can be booted nor an artefact that is there", names)
	}
	for _, format := range plan.Boot.Formats {
		if ok, _ := path.Match(format.File, asked); ok {
			return found{format}.among(plan, asked, []string{asked}, names...)
		}
	}
	return Artifact{}, refuse(plan, asked, "is not the disk of a machine, as far as recipe "+plan.Recipe+" knows", names)
}

// first is the first artefact of the plan's own formats that is there, or else of any.
func first(plan builder.Plan, names []string) (Artifact, error) {
	formats := slices.Clone(plan.Config.Options["format"])
	for _, format := range plan.Boot.Formats {
		formats = append(formats, format.Name)
	}
	for _, name := range formats {
		if format, ok := named(plan.Boot, name); ok {
			if a, err := format.among(plan, name, names); err == nil {
				return a, nil
			}
		}
	}
	return Artifact{}, refuse(plan, "", "finds no artefact that can be booted", names)
}

// found is a format that the recipe has.
type found struct{ builder.BootFormat }

func named(boot builder.Boot, name string) (found, bool) {
	i := slices.IndexFunc(boot.Formats, func(f builder.BootFormat) bool { return f.Name == name })
	if i < 0 {
		return found{}, false
	}
	return found{boot.Formats[i]}, true
}

// among is the artefact of a format: the one file that has its name. The kernel may be among others.
func (f found) among(plan builder.Plan, asked string, names []string, others ...string) (Artifact, error) {
	a := Artifact{BootFormat: f.BootFormat}
	files := matching(f.File, names)
	switch {
	case len(files) == 0:
		return a, refuse(plan, asked, "has no artefact: "+f.File+" is not there", names)
	case len(files) > 1:
		return a, refuse(plan, asked, "is one of "+strings.Join(files, ", "), nil)
	}
	a.Path = path.Join(plan.Dir, plan.Artifacts.Dir, files[0])
	if f.Kernel == "" {
		return a, nil
	}
	kernels := matching(f.Kernel, append(others, names...))
	if len(kernels) == 0 {
		return a, refuse(plan, asked, "has no kernel: "+f.Kernel+" is not there", nil)
	}
	a.KernelPath = path.Join(plan.Dir, plan.Artifacts.Dir, kernels[0])
	return a, nil
}

func matching(pattern string, names []string) []string {
	var all []string
	for _, name := range names {
		if ok, _ := path.Match(pattern, name); ok {
			all = append(all, name)
		}
	}
	return all
}

// refuse says what is wrong with what was asked for, and which artefacts can be booted.
func refuse(plan builder.Plan, asked, why string, names []string) error {
	can := map[string]bool{}
	for _, format := range plan.Boot.Formats {
		for _, name := range matching(format.File, names) {
			can[name] = true
		}
	}
	if len(can) > 0 {
		why += "; these can be booted: " + strings.Join(slices.Sorted(maps.Keys(can)), ", ")
	} else if names != nil {
		why += "; nothing that is there can be booted: build another format, such as " + plan.Boot.Formats[0].Name
	}
	return &builder.InputError{Option: "boot", Value: asked, Reason: why}
}
