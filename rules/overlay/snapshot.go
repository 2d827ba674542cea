package overlay

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
)

// A Snapshot is a tree in memory: each blob is read and parsed once, however
// many overlays read it. It is safe for concurrent use.
type Snapshot struct {
	store   *store
	options Options
	changed map[string]*blob // nil where the file is deleted
	known   *known
	watch   *watch // nil where nobody asks what is looked up
}

// Open returns a snapshot of tree. It reads nothing yet.
func Open(tree Tree, options Options) *Snapshot {
	options.Limits = options.Limits.orDefault()
	return &Snapshot{store: newStore(tree), options: options, known: newKnown()}
}

// With returns a snapshot of the same tree, read with other options. What was
// read and parsed is shared with s.
func (s *Snapshot) With(options Options) *Snapshot {
	options.Limits = options.Limits.orDefault()
	other := *s
	other.options, other.known = options, newKnown()
	return &other
}

// known is what was found out of one snapshot, so that it is looked at once.
type known struct {
	scanning sync.Mutex
	scans    map[string]*folderScan // by folder
	// before is what was known before files changed, and changes are the paths
	// that read otherwise since: a scan that looked up none of them holds. Nil
	// where nothing was changed.
	before  *known
	changes map[string]bool

	mounting sync.Mutex
	mounted  map[*kustomization]*kustomization // those that refer to remote bases

	listing sync.Mutex
	listed  map[string]map[string]EntryKind // folders with what was changed in them
}

func newKnown() *known {
	return &known{
		scans:   map[string]*folderScan{},
		mounted: map[*kustomization]*kustomization{},
		listed:  map[string]map[string]EntryKind{},
	}
}

// scan is the scan of a folder, nil where none is known that still holds.
func (k *known) scan(dir string) *folderScan {
	k.scanning.Lock()
	defer k.scanning.Unlock()
	if sc, ok := k.scans[dir]; ok || k.before == nil {
		return sc
	}
	sc := k.before.scan(dir)
	if sc == nil || slices.ContainsFunc(sc.seen, func(p string) bool { return k.changes[p] }) {
		return nil
	}
	k.scans[dir] = sc
	return sc
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		FileSize:  cmp.Or(l.FileSize, d.FileSize),
		Files:     cmp.Or(l.Files, d.Files),
		Bytes:     cmp.Or(l.Bytes, d.Bytes),
		Nodes:     cmp.Or(l.Nodes, d.Nodes),
		Overlays:  cmp.Or(l.Overlays, d.Overlays),
		Runs:      cmp.Or(l.Runs, d.Runs),
		Reads:     cmp.Or(l.Reads, d.Reads),
		ObjectsOf: cmp.Or(l.ObjectsOf, d.ObjectsOf),
	}
}

// Change returns a snapshot of the same tree with the files given in place of
// its own; nil bytes delete a file. What is unchanged is shared with s. A path
// is the file's own, not a link's.
func (s *Snapshot) Change(files map[string][]byte) *Snapshot {
	changed := maps.Clone(s.changed)
	if changed == nil {
		changed = make(map[string]*blob, len(files))
	}
	now := newKnown()
	now.before, now.changes = s.known, map[string]bool{}
	for name, data := range files {
		if data == nil {
			changed[name] = nil
		} else {
			changed[name] = &blob{data: data, hash: blobHash(data)}
		}
		now.changes[name] = true
		if _, there, err := s.kind(name); data != nil && there && err == nil {
			continue
		}
		// The file comes or goes, and with it perhaps the folders that it is in.
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			now.changes[dir], now.changes[dir+"/"] = true, true
		}
		now.changes["./"] = true
	}
	return &Snapshot{store: s.store, options: s.options, changed: changed, known: now, watch: s.watch}
}

// ReadFile returns the bytes of the file at path, links inside the tree
// followed. A file that is not there is fs.ErrNotExist.
func (s *Snapshot) ReadFile(name string) ([]byte, error) {
	at, err := s.resolve(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if at.kind != RegularFile && at.kind != ExecutableFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	b, err := s.blob(at.path)
	if err != nil {
		return nil, err
	}
	return b.data, b.unread
}
