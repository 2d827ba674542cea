package mirror

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// usedFile is a file in a mirror whose time is the mirror's last use.
const usedFile = "kustodian-used"

func touch(path string) error {
	f, err := os.OpenFile(filepath.Join(path, usedFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	now := time.Now()
	return os.Chtimes(f.Name(), now, now)
}

// Remove deletes the mirror at path once nobody fetches into it. Where there
// is none, nothing happens. Trees of it that are still open end in errors.
func Remove(path string) error {
	path, err := Absolute(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting mirror: %w", err)
	}
	lock := writer(path)
	lock <- struct{}{}
	defer func() { <-lock }()
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("deleting mirror %s: %w", path, err)
	}
	return nil
}

// Unused lists the mirrors below folder, at any depth, that nobody opened
// since a time. A folder that is not there has none.
func Unused(folder string, since time.Time) ([]string, error) {
	var unused []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile, or no folder at all
		}
		if err != nil || !entry.IsDir() {
			return err
		}
		info, err := os.Stat(filepath.Join(path, usedFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.ModTime().Before(since) {
			unused = append(unused, path)
		}
		return filepath.SkipDir
	})
	if err != nil {
		return nil, fmt.Errorf("looking for unused mirrors: %w", err)
	}
	return unused, nil
}
