package compress_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/coreos-builder/coreos-builder/internal/compress"
)

// parallel are the tools that do the same on all cores.
var parallel = map[string]string{"zstd": "zstd -T0 -3", "xz": "xz -T0 -6", "gz": "pigz -6", "bz2": "lbzip2 -9"}

// BenchmarkWriter packs an image on one core, on all, and with the real tool. Ratio is how many bytes become one.
func BenchmarkWriter(b *testing.B) {
	content := image(6, 256<<20)
	measure := func(b *testing.B, pack func() int) {
		b.SetBytes(int64(len(content)))
		packed := 0
		for b.Loop() {
			packed = pack()
		}
		b.ReportMetric(float64(len(content))/float64(packed), "ratio")
	}
	for _, format := range compress.Formats() {
		for _, cores := range []int{1, runtime.NumCPU()} {
			b.Run(fmt.Sprintf("%s/%d", format, cores), func(b *testing.B) {
				measure(b, func() int {
					var out bytes.Buffer
					w, err := compress.NewWriter(&out, format, cores)
					if err != nil {
						b.Fatal(err)
					}
					packWith(b, w, content)
					return out.Len()
				})
			})
		}
		command := strings.Fields(parallel[format])
		if _, err := exec.LookPath(command[0]); err != nil {
			continue
		}
		b.Run(format+"/"+command[0], func(b *testing.B) {
			measure(b, func() int {
				tool := exec.Command(command[0], append(command[1:], "-c")...)
				tool.Stdin = bytes.NewReader(content)
				out, err := tool.Output()
				if err != nil {
					b.Fatal(err)
				}
				return len(out)
			})
		})
	}
}
