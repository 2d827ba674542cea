package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// store is what every snapshot of one tree shares: what was read of the tree,
// and what was parsed, by the hash of its blob. The lock is also the tree's,
// which need not be safe for concurrent use.
type store struct {
	tree Tree

	mu      sync.Mutex
	folders map[string]map[string]EntryKind // nil where there is no such folder
	blobs   map[string]*blob                // by path in the tree
	hashes  map[string]string               // of files that were not read, by path in the tree
	texts   map[string]*text                // by hash of the blob, or of an inline patch and its place
	plans   map[string]*kustomization       // by path and hash
}

// blob is one file as read.
type blob struct {
	data   []byte
	hash   string
	unread error // ErrTooLarge: data is not there, and a build that needs it fails

	once sync.Once
	bomb *Refusal // why the engine must not parse it, without the path
}

func newStore(tree Tree) *store {
	return &store{
		tree:    tree,
		folders: map[string]map[string]EntryKind{},
		blobs:   map[string]*blob{},
		hashes:  map[string]string{},
		texts:   map[string]*text{},
		plans:   map[string]*kustomization{},
	}
}

func (st *store) folder(name string) (map[string]EntryKind, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if kinds, ok := st.folders[name]; ok {
		return kinds, nil
	}
	entries, err := st.tree.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing %s: %w", name, err)
	}
	var kinds map[string]EntryKind
	if err == nil {
		kinds = make(map[string]EntryKind, len(entries))
		for _, entry := range entries {
			kinds[entry.Name] = entry.Kind
		}
	}
	st.folders[name] = kinds
	return kinds, nil
}

func (st *store) blob(name string) (*blob, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if b, ok := st.blobs[name]; ok {
		return b, nil
	}
	data, unread := st.tree.ReadFile(name)
	if unread != nil && !errors.Is(unread, ErrTooLarge) {
		return nil, fmt.Errorf("reading %s: %w", name, unread)
	}
	b := &blob{data: data, unread: unread}
	if unread == nil {
		b.hash = blobHash(data)
	} else {
		var err error
		if b.hash, err = st.tree.Hash(name); err != nil {
			return nil, fmt.Errorf("hashing %s: %w", name, err)
		}
	}
	st.blobs[name] = b
	return b, nil
}

// hash identifies the file at name, which need not be read for it.
func (st *store) hash(name string) (string, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if b, ok := st.blobs[name]; ok {
		return b.hash, nil
	}
	if hash, ok := st.hashes[name]; ok {
		return hash, nil
	}
	hash, err := st.tree.Hash(name)
	if err != nil {
		return "", fmt.Errorf("hashing %s: %w", name, err)
	}
	st.hashes[name] = hash
	return hash, nil
}

func (st *store) readlink(name string) (string, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.tree.Readlink(name)
}

// errOutside is a path or link that leads out of the tree.
var errOutside = errors.New("leads out of the repository")

// errSubmodule is a path inside a commit of another repository.
var errSubmodule = errors.New("is in a submodule, which is not read")

// maxLinks bounds the links followed for one path, as a kernel does.
const maxLinks = 40

// folder lists the folder at a path without links, nil where there is none.
func (s *Snapshot) folder(name string) (map[string]EntryKind, error) {
	s.watch.note(name + "/")
	return s.kinds(name)
}

// kinds is folder for a look-up of one name, which depends on no other: the
// tree's own folder with what the snapshot changed.
func (s *Snapshot) kinds(name string) (map[string]EntryKind, error) {
	if name == RemoteFolder {
		return s.options.remoteRoots(), nil
	}
	if len(s.changed) == 0 && (name != "." || len(s.options.Remotes) == 0) {
		return s.store.folder(name)
	}
	s.known.listing.Lock()
	defer s.known.listing.Unlock()
	if kinds, ok := s.known.listed[name]; ok {
		return kinds, nil
	}
	kinds, err := s.store.folder(name)
	if err == nil {
		kinds = s.merged(name, kinds)
		s.known.listed[name] = kinds
	}
	return kinds, err
}

// merged is a folder of the tree with what the snapshot changed.
func (s *Snapshot) merged(name string, kinds map[string]EntryKind) map[string]EntryKind {
	merged := map[string]EntryKind{}
	if name == "." && len(s.options.Remotes) > 0 {
		merged[RemoteFolder] = Folder
	}
	for entry, kind := range kinds {
		if content, ok := s.changed[path.Join(name, entry)]; ok && content == nil {
			continue
		}
		merged[entry] = kind
	}
	for file, content := range s.changed {
		if content == nil {
			continue
		}
		rest := file
		if name != "." {
			var below bool
			if rest, below = strings.CutPrefix(file, name+"/"); !below {
				continue
			}
		}
		if first, _, deeper := strings.Cut(rest, "/"); deeper {
			merged[first] = Folder
		} else {
			merged[first] = RegularFile
		}
	}
	if len(merged) == 0 && name != "." {
		return nil
	}
	return merged
}

// found is where a path leads once its links are followed.
type found struct {
	path  string // without links
	kind  EntryKind
	links map[string]string // the links followed on the way, with their targets
}

// resolve is follow, noted.
func (s *Snapshot) resolve(name string) (found, error) {
	at, err := s.follow(name)
	if s.watch == nil {
		return at, err
	}
	for link := range at.links {
		s.watch.note(link)
	}
	if !isRefused(err) {
		s.watch.note(at.path)
	}
	return at, err
}

// follow follows name through the links of the tree. A path that is not
// there is fs.ErrNotExist, one that leads out of the tree errOutside; found
// holds the links that were followed in both cases, and the last path tried.
func (s *Snapshot) follow(name string) (found, error) {
	at := found{path: ".", kind: Folder}
	rest := strings.Split(path.Clean(name), "/")
	followed := 0
	for len(rest) > 0 {
		step := rest[0]
		rest = rest[1:]
		switch step {
		case ".", "":
			continue
		case "..":
			if at.path == "." || at.path == remoteRoot(at.path) {
				return at, errOutside
			}
			at.path, at.kind = path.Dir(at.path), Folder
			continue
		}
		if at.kind == Submodule {
			return at, errSubmodule
		}
		if at.kind != Folder {
			at.path = path.Join(at.path, step)
			return at, fs.ErrNotExist
		}
		kinds, err := s.kinds(at.path)
		if err != nil {
			return at, err
		}
		kind, ok := kinds[step]
		next := path.Join(at.path, step)
		if !ok {
			at.path = next
			return at, fs.ErrNotExist
		}
		if kind != Link {
			at.path, at.kind = next, kind
			continue
		}
		target, err := s.store.readlink(next)
		if err != nil {
			return at, fmt.Errorf("reading link %s: %w", next, err)
		}
		if at.links == nil {
			at.links = map[string]string{}
		}
		at.links[next] = target
		if followed++; followed > maxLinks || path.IsAbs(target) {
			return at, errOutside
		}
		rest = append(strings.Split(target, "/"), rest...)
		if len(rest) > 4096 {
			return at, errOutside
		}
	}
	return at, nil
}

// blob returns the file at a path without links.
func (s *Snapshot) blob(name string) (*blob, error) {
	if content, ok := s.changed[name]; ok {
		if content == nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
		}
		return content, nil
	}
	return s.store.blob(name)
}
