package overlay

import (
	"context"
	"path"
	"sort"
)

// Find lists the overlays of the tree, sorted by path: every kustomization
// once, what it refers to, and what is refused. A kustomization that does not
// parse is listed too; it is [Snapshot.Build] that says what is wrong with it.
func (s *Snapshot) Find(ctx context.Context) ([]Overlay, error) {
	var overlays []Overlay
	var walk func(dir string) error
	walk = func(dir string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		k, names, err := s.kustomizationIn(dir)
		if err != nil {
			return err
		}
		if k != nil {
			overlays = append(overlays, Overlay{Path: dir, File: names[0], Component: k.component, Root: true})
		}
		kinds, err := s.folder(dir)
		if err != nil {
			return err
		}
		for _, entry := range sortedEntries(kinds) {
			if entry.Kind == Folder && entry.Name != ".git" {
				if err := walk(path.Join(dir, entry.Name)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := walk("."); err != nil {
		return nil, err
	}
	sort.Slice(overlays, func(i, j int) bool { return overlays[i].Path < overlays[j].Path })
	return overlays, nil
}
