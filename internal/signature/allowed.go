package signature

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// allowed is a key that may have signed: a line of a file of public keys, or of allowed_signers.
type allowed struct {
	key ssh.PublicKey
	// principals are whose key it is; empty in a file of public keys.
	principals    string
	since, before time.Time
}

// name is who signs by that key.
func (a allowed) name() string {
	who := ssh.FingerprintSHA256(a.key)
	if a.principals != "" {
		who += " (" + a.principals + ")"
	}
	return who
}

// permits tells whether the key may be used now.
func (a allowed) permits(now time.Time) error {
	if !a.since.IsZero() && now.Before(a.since) {
		return fmt.Errorf("is by a key that is valid from %s on", a.since.Format(time.RFC3339))
	}
	if !a.before.IsZero() && !now.Before(a.before) {
		return fmt.Errorf("is by a key that was valid until %s", a.before.Format(time.RFC3339))
	}
	return nil
}

// parseAllowed reads public keys, one a line, each as in a .pub file or as ssh-keygen(1) has it under ALLOWED SIGNERS.
func parseAllowed(content []byte) ([]allowed, error) {
	var all []allowed
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		a, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("cannot be used: line %d %w", number, err)
		}
		// A key of other namespaces is no mistake; it is just not for files.
		if a.key != nil {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("holds no public key that may sign files")
	}
	return all, nil
}

func parseLine(line string) (allowed, error) {
	if key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil && len(options) == 0 {
		return allowed{key: key}, nil
	}
	principals, rest := cutWord(line)
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil || principals == "" {
		return allowed{}, errors.New("is neither a public key of OpenPGP or OpenSSH nor a line of allowed_signers")
	}
	a := allowed{key: key, principals: principals}
	for _, option := range options {
		if err := a.apply(option); err != nil {
			return allowed{}, err
		}
	}
	return a, nil
}

// cutWord cuts off a first word, which may stand in quotes.
func cutWord(line string) (word, rest string) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		word, rest, _ = strings.Cut(quoted, `"`)
		return word, strings.TrimSpace(rest)
	}
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimSpace(line[i:])
}

// apply takes an option of a line. One that is not known might forbid something: it is refused.
func (a *allowed) apply(option string) (err error) {
	name, value, _ := strings.Cut(option, "=")
	value = strings.Trim(value, `"`)
	switch strings.ToLower(name) {
	case "namespaces":
		if !slices.Contains(strings.Split(value, ","), namespace) {
			a.key = nil
		}
	case "valid-after":
		a.since, err = parseTime(value)
	case "valid-before":
		a.before, err = parseTime(value)
	case "cert-authority":
		return errors.New("is for certificates, which are not checked here: name the key itself")
	default:
		return fmt.Errorf("has the option %q, which is not known", name)
	}
	return err
}

// parseTime reads a time as ssh-keygen does: YYYYMMDD[HHMM[SS]], of the local time or, with a Z, of UTC.
func parseTime(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(digits) == len(layout) {
			if t, err := time.ParseInLocation(layout, digits, zone); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("has the time %q, which is not of the form YYYYMMDD or YYYYMMDDHHMMSS", text)
}
