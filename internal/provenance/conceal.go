package provenance

import "regexp"

// credentials are a user's name and password, or a token, in a URL. Over https whatever stands before the @ is one; in a
// URL such as ssh://git@host the name alone is no secret.
var credentials = regexp.MustCompile(`(https?://)[^/\s"'<>]+@|(://[^/\s:@"'<>]+:)[^/\s"'<>]+@`)

// conceal takes credentials out of the URLs of a text: what is written beside images goes wherever they go.
func conceal(text []byte) []byte {
	return credentials.ReplaceAll(text, []byte("${1}${2}***@"))
}
