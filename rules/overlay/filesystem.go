package overlay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// treeRoot is where the engine sees the tree. It is not "/": a path that
// climbs above the root must come out beside it, not back at it.
const treeRoot = "/kustodian.tree"

// treeFS is the tree as the engine's file system for one build: read only,
// ending at the tree's root, and serving some files
// in other words than the tree's (see served).
type treeFS struct {
	ctx      context.Context
	snapshot *Snapshot
	count    int
	served   func(path string, b *blob) []byte // what the engine gets for a file
	virtual  map[string][]byte                 // files beside the tree's, by path
}

// errReadOnly answers whatever would write.
var errReadOnly = errors.New("the tree is read only")

func inTree(name string) (string, error) {
	if name == treeRoot {
		return ".", nil
	}
	rest, ok := strings.CutPrefix(path.Clean(filepath.ToSlash(name)), treeRoot+"/")
	if !ok {
		return "", fmt.Errorf("%s: %w", name, errOutside)
	}
	return rest, nil
}

// find resolves a path and records the look-up.
func (f *treeFS) find(name string) (found, error) {
	if err := f.ctx.Err(); err != nil {
		return found{}, err
	}
	if f.count++; f.count > f.snapshot.options.Limits.Reads {
		return found{}, fmt.Errorf("more than %d look-ups in one build", f.snapshot.options.Limits.Reads)
	}
	local, err := inTree(name)
	if err != nil {
		return found{}, err
	}
	at, err := f.snapshot.resolve(local)
	if err != nil {
		return at, &fs.PathError{Op: "open", Path: local, Err: err}
	}
	return at, nil
}

func (f *treeFS) ReadFile(name string) ([]byte, error) {
	if local, err := inTree(name); err == nil {
		if data, ok := f.virtual[local]; ok {
			return data, nil
		}
	}
	at, err := f.find(name)
	if errors.Is(err, fs.ErrNotExist) && f.snapshot.standsIn(at.path) {
		return []byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	if at.kind != RegularFile && at.kind != ExecutableFile {
		return nil, fmt.Errorf("reading %s: is a %s", at.path, at.kind)
	}
	b, err := f.snapshot.blob(at.path)
	if err != nil {
		return nil, err
	}
	if b.unread != nil {
		return nil, b.unread
	}
	if int64(len(b.data)) > f.snapshot.options.Limits.FileSize {
		return nil, fmt.Errorf("reading %s: larger than %d bytes", at.path, f.snapshot.options.Limits.FileSize)
	}
	if slices.Contains(kustomizationNames, path.Base(at.path)) {
		// Refusals are found before the build; this is the second guard.
		k := f.snapshot.parsed(at.path, at.path, b)
		if i := slices.IndexFunc(k.seen, remote); i >= 0 {
			return nil, fmt.Errorf("%s refers to something remote", at.path)
		}
		if k.printed != nil {
			b = &blob{data: k.printed, hash: b.hash}
		}
	}
	if f.served != nil {
		return f.served(at.path, b), nil
	}
	return b.data, nil
}

func (f *treeFS) IsDir(name string) bool {
	at, err := f.find(name)
	return err == nil && at.kind == Folder
}

func (f *treeFS) Exists(name string) bool {
	_, err := f.find(name)
	return err == nil
}

func (f *treeFS) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	at, err := f.find(name)
	if err != nil {
		return "", "", err
	}
	full := path.Join(treeRoot, at.path)
	if at.kind == Folder {
		return filesys.ConfirmedDir(full), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(full)), path.Base(full), nil
}

func (f *treeFS) ReadDir(name string) ([]string, error) {
	at, err := f.find(name)
	if err != nil {
		return nil, err
	}
	kinds, err := f.snapshot.folder(at.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range sortedEntries(kinds) {
		names = append(names, entry.Name)
	}
	return names, nil
}

func (f *treeFS) Create(string) (filesys.File, error)  { return nil, errReadOnly }
func (f *treeFS) Open(string) (filesys.File, error)    { return nil, errReadOnly }
func (f *treeFS) Mkdir(string) error                   { return errReadOnly }
func (f *treeFS) MkdirAll(string) error                { return errReadOnly }
func (f *treeFS) RemoveAll(string) error               { return errReadOnly }
func (f *treeFS) WriteFile(string, []byte) error       { return errReadOnly }
func (f *treeFS) Glob(string) ([]string, error)        { return nil, errReadOnly }
func (f *treeFS) Walk(string, filepath.WalkFunc) error { return errReadOnly }
