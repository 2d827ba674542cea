package overlay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// A ReadSet is all that was looked up to come to an answer, by path: while each
// path reads as it did, the answer stays. The state of a path is git's object
// id of a file, or one of the States; a path that ends in a slash stands for
// the names in that folder. It holds every look-up, found or not, and every
// link on the way.
type ReadSet map[string]string

// States of a path in a [ReadSet] that are no object id.
const (
	StateAbsent    = "absent"    // nothing is there
	StateFolder    = "folder"    // a folder, whatever it holds
	StateSubmodule = "submodule" // a commit of another repository
	StateLink      = "link:"     // a link; its target follows
)

// watch notes the paths that are looked up.
type watch struct {
	mu    sync.Mutex
	paths map[string]bool
}

// note may be called without a watch.
func (w *watch) note(paths ...string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range paths {
		if !InRemote(p) { // a commit never changes
			w.paths[p] = true
		}
	}
}

// noted lists the paths, sorted.
func (w *watch) noted() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := make([]string, 0, len(w.paths))
	for p := range w.paths {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// Watch returns a snapshot of the same tree that notes what is looked up
// through it, and through its builds, for [Snapshot.Reads]. What was parsed is
// shared with s.
func (s *Snapshot) Watch() *Snapshot {
	watched := *s
	watched.watch = &watch{paths: map[string]bool{}}
	return &watched
}

// Reads is all that was looked up so far through a snapshot of
// [Snapshot.Watch]. The error is of reading the tree.
func (s *Snapshot) Reads() (ReadSet, error) { return s.States(s.watch.noted()) }

// States are the states that paths have in the tree: those of a [ReadSet] as
// they are now. No file is parsed. The error is of reading the tree.
func (s *Snapshot) States(paths []string) (ReadSet, error) {
	states := make(ReadSet, len(paths))
	for _, p := range paths {
		state, err := s.state(p)
		if err != nil {
			return nil, err
		}
		states[p] = state
	}
	return states, nil
}

// state is what stands at a path itself, no link followed.
func (s *Snapshot) state(p string) (string, error) {
	if listed, isListing := strings.CutSuffix(p, "/"); isListing {
		return s.listing(listed)
	}
	kind, ok, err := s.kind(p)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return StateAbsent, nil
	case kind == Folder:
		return StateFolder, nil
	case kind == Submodule:
		return StateSubmodule, nil
	case kind == Link:
		target, err := s.store.readlink(p)
		if err != nil {
			return "", fmt.Errorf("reading link %s: %w", p, err)
		}
		return StateLink + target, nil
	}
	if content, changed := s.changed[p]; changed {
		return content.hash, nil // one that is deleted is in no listing
	}
	hash, err := s.store.hash(p)
	if errors.Is(err, fs.ErrNotExist) {
		return StateAbsent, nil // it went away since its folder was listed
	}
	return hash, err
}

// Stamp is the stamp of a regular file; false where there is none, or the tree
// knows none. It is as old as the look at the file's folder: what is read of the
// file later, the stamp stands for, or it is another by then.
func (s *Snapshot) Stamp(p string) (Stamp, bool) {
	tree, ok := s.store.tree.(stamped)
	if !ok || len(s.changed) > 0 || strings.HasSuffix(p, "/") {
		return Stamp{}, false
	}
	kind, ok, err := s.kind(p) // with it, its folder is listed
	if err != nil || !ok || kind != RegularFile && kind != ExecutableFile {
		return Stamp{}, false
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return tree.Stamp(p)
}

// kind is what a path itself is, no link followed; false where nothing is there.
func (s *Snapshot) kind(p string) (EntryKind, bool, error) {
	if p == "." {
		return Folder, true, nil
	}
	dir, name := ".", p
	if i := strings.LastIndexByte(p, '/'); i >= 0 { // path.Dir would look at all of it
		dir, name = p[:i], p[i+1:]
	}
	above, ok, err := s.kind(dir)
	if err != nil || !ok || above != Folder {
		return 0, false, err
	}
	kinds, err := s.kinds(dir)
	kind, ok := kinds[name]
	return kind, ok, err
}

// listing is the state of the names in a folder.
func (s *Snapshot) listing(dir string) (string, error) {
	kind, ok, err := s.kind(dir)
	if err != nil {
		return "", err
	}
	if !ok || kind != Folder {
		return StateAbsent, nil
	}
	kinds, err := s.kinds(dir)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, entry := range sortedEntries(kinds) {
		if entry.Name == RemoteFolder {
			continue // it is no part of the tree
		}
		fmt.Fprintf(h, "%s\x00%d\n", entry.Name, entry.Kind)
	}
	return "names:" + hex.EncodeToString(h.Sum(nil)), nil
}
