package overlay

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
)

// Find lists the overlays of the tree, sorted by path: every kustomization
// once, what it refers to, and what is refused. A kustomization that does not
// parse is listed too; it is [Snapshot.Build] that says what is wrong with it.
// The error is of ctx, of reading the tree, or of more overlays than
// [Limits] allows.
func (s *Snapshot) Find(ctx context.Context) ([]Overlay, error) {
	dirs, err := s.Folders(ctx)
	if err != nil {
		return nil, err
	}
	overlays := make([]Overlay, 0, len(dirs))
	for _, dir := range dirs {
		o, err := s.FindAt(ctx, dir)
		if err != nil {
			return nil, err
		}
		overlays = append(overlays, o)
	}
	MarkRoots(overlays)
	return overlays, nil
}

// MarkRoots sets Root of all overlays of a tree, which the others decide.
func MarkRoots(overlays []Overlay) {
	referred := map[string]bool{}
	for _, o := range overlays {
		for _, to := range o.Refers {
			referred[to] = true
		}
	}
	for i := range overlays {
		overlays[i].Root = !referred[overlays[i].Path]
	}
}

// Folders lists the folders that hold a kustomization, sorted, by the names of
// the tree alone. The error is of ctx, of reading the tree, or of more than
// [Limits] allows.
func (s *Snapshot) Folders(ctx context.Context) ([]string, error) {
	var dirs []string
	var walk func(dir string) error
	walk = func(dir string) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("finding overlays: %w", err)
		}
		kinds, err := s.folder(dir)
		if err != nil {
			return err
		}
		for _, name := range kustomizationNames {
			if kind, ok := kinds[name]; ok && kind != Folder {
				dirs = append(dirs, dir)
				break
			}
		}
		if len(dirs) > s.options.Limits.Overlays {
			return fmt.Errorf("finding overlays: more than %d", s.options.Limits.Overlays)
		}
		for _, entry := range sortedEntries(kinds) {
			if entry.Kind == Folder && entry.Name != ".git" && entry.Name != RemoteFolder {
				if err := walk(path.Join(dir, entry.Name)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err := walk(".")
	slices.Sort(dirs)
	return dirs, err
}

// FindAt is what is known of the overlay at dir before a build, but for Root.
// The error is of ctx, or of reading the tree.
func (s *Snapshot) FindAt(ctx context.Context, dir string) (Overlay, error) {
	asking := s.watch
	s = s.Watch()
	s.watch.note(dir)
	c, err := s.closure(ctx, dir)
	if err != nil {
		return Overlay{}, err
	}
	sc, err := s.scan(dir)
	if err != nil {
		return Overlay{}, err
	}
	o := Overlay{Path: dir, File: path.Join(dir, kustomizationNames[0]), Refusals: c.refusals, Outside: c.outside, Generated: c.generated, Remotes: c.asked}
	if len(sc.names) > 0 {
		o.File = sc.names[0]
	}
	if sc.kustomization != nil {
		o.Component = sc.kustomization.component
	}
	for _, to := range sc.refers {
		if !slices.Contains(o.Refers, to.dir) {
			o.Refers = append(o.Refers, to.dir)
		}
	}
	for _, looked := range s.watch.noted() {
		c.reads[looked] = true
	}
	o.Reads = slices.Sorted(maps.Keys(c.reads))
	asking.note(o.Reads...)
	o.Environment, o.Production = s.options.Environments.Of(dir)
	return o, nil
}
