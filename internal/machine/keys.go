package machine

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// publicKey is a line of an authorized_keys file: the kind, the key, and a comment. Options before them are not taken.
var publicKey = regexp.MustCompile(`^((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?: [^\x00-\x1f\x7f]*)?$`)

// UserData is a cloud-config that lets the keys of a file of public keys log in as core.
func UserData(keys []byte) (string, error) {
	var b strings.Builder
	b.WriteString("#cloud-config\nssh_authorized_keys:\n")
	count := 0
	for line := range strings.Lines(string(keys)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(line, "PRIVATE KEY") {
			return "", errors.New("holds a private key, which nobody is to have: the public one is beside it, in the file of its name with .pub")
		}
		if err := checkKey(line); err != nil {
			return "", err
		}
		quoted, err := json.Marshal(line) // what JSON says of a text, YAML says too
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, " - %s\n", quoted)
		count++
	}
	if count == 0 {
		return "", errors.New("holds no key")
	}
	return b.String(), nil
}

// checkKey refuses what is not a public key: one that is taken to be one would let nobody in.
func checkKey(line string) error {
	parts := publicKey.FindStringSubmatch(line)
	if parts != nil {
		blob, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(blob) > 4+len(parts[1]) && string(blob[4:4+len(parts[1])]) == parts[1] {
			return nil
		}
	}
	return fmt.Errorf("holds a line that is no public key of OpenSSH: %.40q", line)
}
