package machine_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/coreos-builder/coreos-builder/internal/machine"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

func TestUserData(t *testing.T) {
	for name, test := range map[string]struct{ keys, want, refusal string }{
		"one":          {key, "#cloud-config\nssh_authorized_keys:\n - \"" + key + "\"\n", ""},
		"a comment":    {"# ours\n\n" + key + " me@home: \"x\"\r\n", "#cloud-config\nssh_authorized_keys:\n - \"" + key + " me@home: \\\"x\\\"\"\n", ""},
		"none":         {"# ours\n", "", "holds no key"},
		"private":      {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "", "holds a private key"},
		"no key":       {"hello", "", `holds a line that is no public key of OpenSSH: "hello"`},
		"another kind": {strings.Replace(key, "ssh-ed25519", "ssh-rsa", 1), "", "no public key"},
		"a command":    {`command="reboot" ` + key, "", "no public key"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := machine.UserData([]byte(test.keys))
			if got != test.want || (err == nil) != (test.refusal == "") || err != nil && !strings.Contains(err.Error(), test.refusal) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Whatever is in a file of keys, what comes out is a cloud-config with keys and nothing else.
func FuzzUserData(f *testing.F) {
	f.Add(key + " x\n" + key)
	f.Add(key + " \u2028 - x")
	f.Fuzz(func(t *testing.T, keys string) {
		text, err := machine.UserData([]byte(keys))
		if err != nil {
			return
		}
		var config map[string][]string
		if err := yaml.Unmarshal([]byte(text), &config); err != nil || len(config) != 1 || len(config["ssh_authorized_keys"]) == 0 {
			t.Fatalf("%q becomes %q: %v, %v", keys, text, config, err)
		}
	})
}
