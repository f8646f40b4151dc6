package builder_test

import (
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/builder"
)

func TestArtifactsAreThoseOfAPlanOrNot(t *testing.T) {
	plan := builder.Plan{
		Workspace: "w",
		Steps: []builder.Step{
			{Name: "sync", Phase: "sync", Digest: "1"},
			{Name: "docs", Phase: "docs", Digest: "2"}, // which nothing needs
			{Name: "build_image", Phase: "build_image", Needs: []string{"sync"}, Digest: "3"},
			{Name: "image_to_vm.qemu", Phase: "image_to_vm", Needs: []string{"build_image"}, Digest: "4"},
		},
		Artifacts: builder.Artifacts{After: []string{"build_image"}},
	}
	done := func() map[string]builder.Stamp {
		return map[string]builder.Stamp{
			"sync":             {Step: "sync", Digest: "1", Run: "a"},
			"build_image":      {Step: "build_image", Digest: "3", Run: "c", After: map[string]string{"sync": "a"}},
			"image_to_vm.qemu": {Step: "image_to_vm.qemu", Digest: "4", Run: "d", After: map[string]string{"build_image": "c"}},
		}
	}
	for name, test := range map[string]struct {
		change func(map[string]builder.Stamp)
		want   string
	}{
		"all is done":              {func(map[string]builder.Stamp) {}, ""},
		"a format was never made":  {func(w map[string]builder.Stamp) { delete(w, "image_to_vm.qemu") }, ""},
		"sources are gone":         {func(w map[string]builder.Stamp) { delete(w, "sync") }, "step sync is not as it was planned: it has never run"},
		"sources were synced anew": {func(w map[string]builder.Stamp) { w["sync"] = builder.Stamp{Step: "sync", Digest: "1", Run: "b"} }, "step build_image is not as it was planned: sync ran since"},
		"the image is another's": {func(w map[string]builder.Stamp) {
			w["build_image"] = builder.Stamp{Step: "build_image", Digest: "9", Run: "c", After: map[string]string{"sync": "a"}}
		}, "step build_image is not as it was planned: "},
		"the image is newer than the format": {func(w map[string]builder.Stamp) {
			w["build_image"] = builder.Stamp{Step: "build_image", Digest: "3", Run: "e", After: map[string]string{"sync": "a"}}
		}, ""},
		"the format is another's": {func(w map[string]builder.Stamp) {
			w["image_to_vm.qemu"] = builder.Stamp{Step: "image_to_vm.qemu", Digest: "9", Run: "d", After: map[string]string{"build_image": "c"}}
		}, "step image_to_vm.qemu is not as it was planned: "},
	} {
		stamps := done()
		test.change(stamps)
		err := plan.CheckBuilt(builder.Workspace{Name: "w", Stamps: stamps}, nil)
		if got := text(err); test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
