package mirror

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/kustodian/kustodian/rules/overlay"
)

var (
	errTooLarge  = fmt.Errorf("%w: more than %d MiB", overlay.ErrTooLarge, LargestFile>>20)
	errNotFolder = errors.New("not a folder")
	errFolder    = errors.New("is a folder")
	errNotLink   = errors.New("not a link")
)

// A folderTree is a working folder, and nothing outside it, where the system
// cannot look a path up as a [beneathTree] does.
type folderTree struct {
	root *os.Root
	real map[string]bool // folders that are reached without following a link
}

// OpenFolder opens a working folder as a tree: all of its files, those that git
// ignores too. Nothing outside it is read, and no link is followed. What is
// named .git is not part of the tree at any depth, nor is what is neither
// file, folder nor link. Files that change while the tree is open are read as
// they are at that moment.
func OpenFolder(dir string) (overlay.Tree, error) {
	if t, ok := openBeneath(dir); ok {
		return t, nil
	}
	return openRoot(dir)
}

// openRoot opens a working folder on any system.
func openRoot(dir string) (overlay.Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening folder: %w", err)
	}
	return &folderTree{root: root, real: map[string]bool{".": true}}, nil
}

// stat looks at name itself and makes sure that no link leads to it.
func (t *folderTree) stat(op, name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) || !t.isReal(path.Dir(name)) || path.Base(name) == ".git" {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	info, err := t.root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: errors.Unwrap(err)}
	}
	return info, nil
}

func (t *folderTree) isReal(name string) bool {
	if t.real[name] {
		return true
	}
	if path.Base(name) == ".git" || !t.isReal(path.Dir(name)) {
		return false
	}
	info, err := t.root.Lstat(filepath.FromSlash(name))
	if err != nil || !info.IsDir() {
		return false
	}
	t.real[name] = true
	return true
}

func (t *folderTree) ReadFile(name string) ([]byte, error) {
	info, err := t.stat("read", name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is a %s", kindOfInfo(info))}
	}
	f, err := t.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.Unwrap(err)}
	}
	defer f.Close()
	return readAll("read", name, f)
}

// readAll reads what is not larger than [LargestFile].
func readAll(op, name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, LargestFile+1))
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if len(data) > LargestFile {
		return nil, &fs.PathError{Op: op, Path: name, Err: errTooLarge}
	}
	return data, nil
}

func (t *folderTree) ReadDir(name string) ([]overlay.Entry, error) {
	info, err := t.stat("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotFolder}
	}
	entries, err := fs.ReadDir(t.root.FS(), name) // sorted by name
	if err != nil {
		return nil, err
	}
	var out []overlay.Entry
	for _, e := range entries {
		if t := e.Type(); e.Name() == ".git" || t != 0 && t != fs.ModeDir && t != fs.ModeSymlink {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went away since it was listed
		}
		if err != nil {
			return nil, err
		}
		out = append(out, overlay.Entry{Name: e.Name(), Kind: kindOfInfo(info)})
	}
	return out, nil
}

func (t *folderTree) Readlink(name string) (string, error) {
	info, err := t.stat("readlink", name)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: errNotLink}
	}
	target, err := t.root.Readlink(filepath.FromSlash(name))
	return filepath.ToSlash(target), err
}

func (t *folderTree) Hash(name string) (string, error) {
	info, err := t.stat("hash", name)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", &fs.PathError{Op: "hash", Path: name, Err: errFolder}
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := t.Readlink(name)
		if err != nil {
			return "", err
		}
		return plumbing.ComputeHash(plumbing.BlobObject, []byte(target)).String(), nil
	}
	if !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "hash", Path: name, Err: fmt.Errorf("is a %s", kindOfInfo(info))}
	}
	f, err := t.root.Open(filepath.FromSlash(name))
	if err != nil {
		return "", &fs.PathError{Op: "hash", Path: name, Err: errors.Unwrap(err)}
	}
	defer f.Close()
	return hashAll(name, info.Size(), f)
}

// hashBuffers are what files are read into to be hashed: most are smaller than
// the one that io.Copy would make for each.
var hashBuffers = sync.Pool{New: func() any { buffer := make([]byte, 32<<10); return &buffer }}

// hashAll is the hash of a file of so many bytes: one that is too large to be
// read differs or not all the same.
func hashAll(name string, size int64, r io.Reader) (string, error) {
	hasher := plumbing.NewHasher(plumbing.BlobObject, size)
	buffer := hashBuffers.Get().(*[]byte)
	defer hashBuffers.Put(buffer)
	if _, err := io.CopyBuffer(hasher, r, *buffer); err != nil {
		return "", &fs.PathError{Op: "hash", Path: name, Err: err}
	}
	return hasher.Sum().String(), nil
}

func kindOfInfo(info fs.FileInfo) overlay.EntryKind {
	switch {
	case info.IsDir():
		return overlay.Folder
	case info.Mode()&fs.ModeSymlink != 0:
		return overlay.Link
	case info.Mode()&0o111 != 0:
		return overlay.ExecutableFile
	}
	return overlay.RegularFile
}
