package overlay

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"sync"
)

// A Snapshot is a tree in memory: each blob is read and parsed once, however
// many overlays read it. It is safe for concurrent use.
type Snapshot struct {
	store   *store
	options Options
	changed map[string]*blob // nil where the file is deleted
	scans   *scans
	watch   *watch // nil where nobody asks what is looked up
}

// Open returns a snapshot of tree. It reads nothing yet.
func Open(tree Tree, options Options) *Snapshot {
	options.Limits = options.Limits.orDefault()
	return &Snapshot{store: newStore(tree), options: options, scans: newScans()}
}

// With returns a snapshot of the same tree, read with other options. What was
// read and parsed is shared with s.
func (s *Snapshot) With(options Options) *Snapshot {
	options.Limits = options.Limits.orDefault()
	other := *s
	other.options, other.scans = options, newScans()
	return &other
}

// scans are the kustomizations of one snapshot, by folder.
type scans struct {
	sync.Mutex
	folders map[string]*folderScan

	mounting sync.Mutex
	mounted  map[*kustomization]*kustomization // those that refer to remote bases
}

func newScans() *scans {
	return &scans{folders: map[string]*folderScan{}, mounted: map[*kustomization]*kustomization{}}
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
	for name, data := range files {
		if data == nil {
			changed[name] = nil
			continue
		}
		changed[name] = &blob{data: data, hash: blobHash(data)}
	}
	return &Snapshot{store: s.store, options: s.options, changed: changed, scans: newScans(), watch: s.watch}
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
