package mirror

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/kustodian/kustodian/rules/overlay"
)

// LargestFile is how many bytes a file of a tree may have to be read; what is
// larger is an error of ReadFile. GitHub takes files of up to 100 MB, and
// objects are inflated in memory.
const LargestFile = 16 << 20

// objectCache is how much of what was inflated each tree keeps. A worker has
// two trees open, under a memory limit of its own.
const objectCache = 32 * cache.MiByte

// A commitTree is the tree of a commit. Folders are read when they are asked for.
type commitTree struct {
	store   *filesystem.Storage
	root    plumbing.Hash
	folders map[plumbing.Hash][]object.TreeEntry // sorted by name
}

// OpenCommit opens the tree of a commit, named by its full object id, of the
// bare repository or .git folder at path. The tree is for one goroutine;
// several may have the same repository open. Submodules are listed and never
// read; a Hash of one is its commit.
func OpenCommit(path, commit string) (overlay.Tree, error) {
	if !plumbing.IsHash(commit) {
		return nil, fmt.Errorf("opening commit %q of %s: not a full object id", commit, path)
	}
	store := openStore(osfs.New(path))
	c, err := object.GetCommit(store, plumbing.NewHash(commit))
	if err != nil {
		return nil, fmt.Errorf("opening commit %s of %s: %w", commit, path, err)
	}
	t := &commitTree{store: store, root: c.TreeHash, folders: map[plumbing.Hash][]object.TreeEntry{}}
	if _, err := t.folder(c.TreeHash); err != nil {
		return nil, fmt.Errorf("opening commit %s of %s: %w", commit, path, err)
	}
	return t, nil
}

// openStore opens the object store of a .git folder. Descriptors are not
// kept, since a tree has no Close.
func openStore(folder billy.Filesystem) *filesystem.Storage {
	return filesystem.NewStorage(folder, cache.NewObjectLRU(objectCache))
}

// folder returns the entries of a tree object, without those whose names no
// folder of a disk could have.
func (t *commitTree) folder(hash plumbing.Hash) ([]object.TreeEntry, error) {
	if entries, ok := t.folders[hash]; ok {
		return entries, nil
	}
	tree, err := object.GetTree(t.store, hash)
	if err != nil {
		return nil, err
	}
	entries := slices.DeleteFunc(tree.Entries, func(e object.TreeEntry) bool {
		return !fs.ValidPath(e.Name) || e.Name == "." || strings.Contains(e.Name, "/")
	})
	// Git sorts folders as if their names ended in a slash.
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(a.Name, b.Name) })
	t.folders[hash] = entries
	return entries, nil
}

// find returns the entry at name. Links and submodules on the way lead nowhere.
func (t *commitTree) find(op, name string) (object.TreeEntry, error) {
	entry := object.TreeEntry{Mode: filemode.Dir, Hash: t.root}
	if name == "." {
		return entry, nil
	}
	if !fs.ValidPath(name) {
		return entry, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	for step := range strings.SplitSeq(name, "/") {
		if entry.Mode != filemode.Dir {
			return entry, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		entries, err := t.folder(entry.Hash)
		if err != nil {
			return entry, &fs.PathError{Op: op, Path: name, Err: err}
		}
		i, found := slices.BinarySearchFunc(entries, step, func(e object.TreeEntry, name string) int { return strings.Compare(e.Name, name) })
		if !found {
			return entry, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		entry = entries[i]
	}
	return entry, nil
}

func (t *commitTree) ReadFile(name string) ([]byte, error) {
	entry, err := t.find("read", name)
	if err != nil {
		return nil, err
	}
	if kind := kindOfMode(entry.Mode); kind != overlay.RegularFile && kind != overlay.ExecutableFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is a %s", kind)}
	}
	return t.blob("read", name, entry.Hash)
}

func (t *commitTree) blob(op, name string, hash plumbing.Hash) ([]byte, error) {
	size, err := t.store.EncodedObjectSize(hash)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if size > LargestFile {
		return nil, &fs.PathError{Op: op, Path: name, Err: errTooLarge}
	}
	blob, err := object.GetBlob(t.store, hash)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	r, err := blob.Reader()
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	defer r.Close()
	return readAll(op, name, r)
}

func (t *commitTree) ReadDir(name string) ([]overlay.Entry, error) {
	entry, err := t.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if entry.Mode != filemode.Dir {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotFolder}
	}
	entries, err := t.folder(entry.Hash)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	out := make([]overlay.Entry, len(entries))
	for i, e := range entries {
		out[i] = overlay.Entry{Name: e.Name, Kind: kindOfMode(e.Mode)}
	}
	return out, nil
}

func (t *commitTree) Readlink(name string) (string, error) {
	entry, err := t.find("readlink", name)
	if err != nil {
		return "", err
	}
	if entry.Mode != filemode.Symlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: errNotLink}
	}
	target, err := t.blob("readlink", name, entry.Hash)
	return string(target), err
}

func (t *commitTree) Hash(name string) (string, error) {
	entry, err := t.find("hash", name)
	if err != nil {
		return "", err
	}
	if entry.Mode == filemode.Dir {
		return "", &fs.PathError{Op: "hash", Path: path.Clean(name), Err: errFolder}
	}
	return entry.Hash.String(), nil
}

func kindOfMode(mode filemode.FileMode) overlay.EntryKind {
	switch mode {
	case filemode.Dir:
		return overlay.Folder
	case filemode.Executable:
		return overlay.ExecutableFile
	case filemode.Symlink:
		return overlay.Link
	case filemode.Submodule:
		return overlay.Submodule
	}
	return overlay.RegularFile
}
