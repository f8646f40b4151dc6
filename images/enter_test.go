package images_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// alone is an install that fails where another one is at work.
const alone = `#!/bin/sh
case "$*" in
  *resolv.conf*) mkdir "${0%/*}/at-work" && sleep 0.05 && rmdir "${0%/*}/at-work" ;;
esac
`

func TestStepsThatEnterSideBySideDoNotDisturbEachOther(t *testing.T) {
	env := programs(t, map[string]string{"install": alone, "mount": "#!/bin/sh\n", "chroot": "#!/bin/sh\n"})
	checkout := t.TempDir()
	if err := os.MkdirAll(filepath.Join(checkout, "chroot", "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			enter := exec.Command("bash", filepath.Join("tools", "enter-chroot"), checkout, "root", "true")
			enter.Env = env
			if out, err := enter.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
}
