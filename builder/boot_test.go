package builder

import (
	"strings"
	"testing"
)

func TestBootIsChecked(t *testing.T) {
	good := Boot{Image: ImageSource{Name: "qemu"}, Expect: "login: ", Memory: 1, CPUs: 1,
		Formats: []BootFormat{{Name: "a", File: "x", Disk: "raw", Bus: "ide", Network: "e1000"}}}
	if err := (Recipe{Boot: good}).checkBoot(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Boot){
		"image.name is missing":                 func(b *Boot) { b.Image.Name = "" },
		"memory, cpus or expect is missing":     func(b *Boot) { b.CPUs = 0 },
		"missing closing )":                     func(b *Boot) { b.Expect = "(" },
		"there are two of the name a":           func(b *Boot) { b.Formats = append(b.Formats, b.Formats[0]) },
		"two of the name a":                     func(b *Boot) { b.Cannot = map[string]string{"a": "no"} },
		"format A: the name is not of the form": func(b *Boot) { b.Formats[0].Name = "A" },
		"file is missing":                       func(b *Boot) { b.Formats[0].File = "" },
		`disk "tape" is not`:                    func(b *Boot) { b.Formats[0].Disk = "tape" },
		"there is to be a disk or a kernel":     func(b *Boot) { b.Formats[0].Kernel = "k" },
		`bus "" is not virtio`:                  func(b *Boot) { b.Formats[0].Bus = "" },
		`or not that of a disk`:                 func(b *Boot) { b.Formats[0].Disk = "iso" },
		`network "ne2000" is not`:               func(b *Boot) { b.Formats[0].Network = "ne2000" },
		"memory is less than nothing":           func(b *Boot) { b.Formats[0].Memory = -1 },
		"function \"x\" not defined":            func(b *Boot) { b.Formats[0].File = "{{x}}" },
	} {
		b := good
		b.Formats = append([]BootFormat(nil), good.Formats...)
		change(&b)
		if err := (Recipe{Boot: b}).checkBoot(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
