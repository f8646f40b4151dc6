//go:build !(linux || darwin || freebsd)

package artifact

import "os"

// Claim makes a directory, if it is not there. Nobody is kept from it here.
func Claim(directory string) (release func(), err error) {
	return func() {}, os.MkdirAll(directory, 0o777)
}
