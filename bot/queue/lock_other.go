//go:build !unix

package queue

import "os"

// lockFile only creates the file: here two processes on one folder are the
// operator's to prevent.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
