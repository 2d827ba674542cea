package mirror

import (
	"os"
	"path/filepath"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
)

// private is a file system whose new files and folders are for their owner
// alone; go-git's own choice is for everybody. Each way to make a file makes
// the folder first, before the file system below would.
type private struct{ billy.Filesystem }

func privateFiles(path string) billy.Filesystem {
	return private{osfs.New(path, osfs.WithBoundOS())}
}

func (p private) Create(name string) (billy.File, error) {
	return p.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

func (p private) OpenFile(name string, flag int, _ os.FileMode) (billy.File, error) {
	if flag&os.O_CREATE != 0 {
		if err := p.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, err
		}
	}
	return p.Filesystem.OpenFile(name, flag, 0o600)
}

func (p private) MkdirAll(name string, _ os.FileMode) error {
	return p.Filesystem.MkdirAll(name, 0o700)
}

func (p private) TempFile(dir, prefix string) (billy.File, error) {
	if dir == "" {
		dir = "." // else it is the system's folder, perhaps another disk
	}
	if err := p.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return p.Filesystem.TempFile(dir, prefix) // its mode is 0600 already
}

func (p private) Rename(from, to string) error {
	if err := p.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return p.Filesystem.Rename(from, to)
}
