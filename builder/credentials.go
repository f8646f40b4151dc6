package builder

import "regexp"

// Credentials in URLs: over https whatever stands before the @ is one; in a URL such as ssh://git@host the name alone is no secret.
var (
	tokens    = regexp.MustCompile(`(https?://)[^/\s"'<>]+@`)
	passwords = regexp.MustCompile(`(://[^/\s:@"'<>]+):[^/\s"'<>]+@`)
)

// ConcealCredentials is a text with *** in the place of credentials in URLs.
func ConcealCredentials(text []byte) []byte {
	return passwords.ReplaceAll(tokens.ReplaceAll(text, []byte("${1}***@")), []byte("${1}:***@"))
}

// WithoutCredentials is a text whose URLs have no credentials.
func WithoutCredentials(text string) string {
	return passwords.ReplaceAllString(tokens.ReplaceAllString(text, "${1}"), "${1}@")
}
