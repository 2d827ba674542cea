package mirror

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Change is one path that differs between two trees.
type Change struct {
	Path    string // of the new side; of the old where it is deleted
	OldPath string // where the change renames the file, else ""
	Kind    ChangeKind
}

// A ChangeKind says how a path differs.
type ChangeKind int

const (
	Modified ChangeKind = iota // content, or what kind of entry it is
	Added
	Deleted
	Renamed // perhaps with a modified content
)

// Changes lists the paths that differ between two trees, sorted by path. A
// file that is gone and one that is new are a rename where their content is
// the same or, when neither is many, similar.
func Changes(base, head overlay.Tree) ([]Change, error) {
	d := differ{base: base, head: head}
	if err := d.folder("."); err != nil {
		return nil, fmt.Errorf("comparing trees: %w", err)
	}
	if err := d.pairEqual(); err != nil {
		return nil, fmt.Errorf("comparing trees: %w", err)
	}
	d.pairSimilar()
	for _, p := range d.deleted {
		d.changes = append(d.changes, Change{Path: p, Kind: Deleted})
	}
	for _, p := range d.added {
		d.changes = append(d.changes, Change{Path: p, Kind: Added})
	}
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.changes, nil
}

// A differ walks two trees side by side.
type differ struct {
	base, head     overlay.Tree
	changes        []Change
	deleted, added []string // files that no rename explains yet
}

func (d *differ) folder(dir string) error {
	if sameFolder(d.base, d.head, dir) {
		return nil
	}
	before, err := d.base.ReadDir(dir)
	if err != nil {
		return err
	}
	after, err := d.head.ReadDir(dir)
	if err != nil {
		return err
	}
	for len(before) > 0 || len(after) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = strings.Compare(before[0].Name, after[0].Name)
		}
		switch {
		case order < 0:
			err = list(d.base, path.Join(dir, before[0].Name), before[0].Kind, &d.deleted)
			before = before[1:]
		case order > 0:
			err = list(d.head, path.Join(dir, after[0].Name), after[0].Kind, &d.added)
			after = after[1:]
		default:
			err = d.entry(path.Join(dir, after[0].Name), before[0].Kind, after[0].Kind)
			before, after = before[1:], after[1:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry compares what has the same path on both sides.
func (d *differ) entry(p string, before, after overlay.EntryKind) error {
	switch {
	case before == overlay.Folder && after == overlay.Folder:
		return d.folder(p)
	case before == overlay.Folder || after == overlay.Folder:
		if err := list(d.base, p, before, &d.deleted); err != nil {
			return err
		}
		return list(d.head, p, after, &d.added)
	case before == after:
		same, err := sameFile(d.base, d.head, p)
		if err != nil || same {
			return err
		}
	}
	d.changes = append(d.changes, Change{Path: p, Kind: Modified})
	return nil
}

// list adds the file at p, or the files below it, to out.
func list(t overlay.Tree, p string, kind overlay.EntryKind, out *[]string) error {
	if kind != overlay.Folder {
		*out = append(*out, p)
		return nil
	}
	entries, err := t.ReadDir(p)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := list(t, path.Join(p, e.Name), e.Kind, out); err != nil {
			return err
		}
	}
	return nil
}

// sameFolder reports whether two commits have the very same folder: then
// nothing below it is looked at.
func sameFolder(base, head overlay.Tree, dir string) bool {
	b, ok := base.(*commitTree)
	if !ok {
		return false
	}
	h, ok := head.(*commitTree)
	if !ok {
		return false
	}
	before, err := b.find("compare", dir)
	if err != nil {
		return false
	}
	after, err := h.find("compare", dir)
	return err == nil && before.Hash == after.Hash
}

func sameFile(base, head overlay.Tree, p string) (bool, error) {
	before, err := base.Hash(p)
	if err != nil {
		return false, err
	}
	after, err := head.Hash(p)
	return before == after, err
}
