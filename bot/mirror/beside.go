package mirror

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Beside returns a tree with the remote bases that are in a folder of mirrors
// below [overlay.RemoteFolder]. Each is opened when it is first asked for; they
// are in no listing. The tree is for one goroutine, as tree is.
func Beside(tree overlay.Tree, folder string) overlay.Tree {
	return &besideTree{tree, folder, map[string]overlay.Tree{}}
}

type besideTree struct {
	own    overlay.Tree
	folder string
	opened map[string]overlay.Tree // by name in folder
}

// of is the tree that a path is in, and its path there.
func (t *besideTree) of(op, name string) (overlay.Tree, string, error) {
	rest, remote := strings.CutPrefix(name, overlay.RemoteFolder+"/")
	if !remote {
		return t.own, name, nil
	}
	id, below, _ := strings.Cut(rest, "/")
	if below == "" {
		below = "."
	}
	tree, known := t.opened[id]
	if !known {
		_, commit, ok := strings.Cut(id, "-")
		if !ok || path.Base(id) != id || strings.HasPrefix(id, ".") {
			return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		var err error
		if tree, err = OpenCommit(filepath.Join(t.folder, id), commit); err != nil {
			return nil, "", &fs.PathError{Op: op, Path: name, Err: err}
		}
		t.opened[id] = tree
	}
	return tree, below, nil
}

func (t *besideTree) ReadFile(name string) ([]byte, error) {
	tree, below, err := t.of("read", name)
	if err != nil {
		return nil, err
	}
	return tree.ReadFile(below)
}

func (t *besideTree) ReadDir(name string) ([]overlay.Entry, error) {
	tree, below, err := t.of("readdir", name)
	if err != nil {
		return nil, err
	}
	return tree.ReadDir(below)
}

func (t *besideTree) Readlink(name string) (string, error) {
	tree, below, err := t.of("readlink", name)
	if err != nil {
		return "", err
	}
	return tree.Readlink(below)
}

func (t *besideTree) Hash(name string) (string, error) {
	tree, below, err := t.of("hash", name)
	if err != nil {
		return "", err
	}
	return tree.Hash(below)
}
