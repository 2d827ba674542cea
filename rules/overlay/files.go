package overlay

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

// Files is a [Tree] in memory: the content of each file by its path. A
// content that starts with [LinkTo] is a link to what follows it.
type Files map[string]string

// LinkTo marks a link among [Files].
const LinkTo = "\x00link:"

func (f Files) ReadFile(name string) ([]byte, error) {
	content, ok := f[name]
	if !ok || strings.HasPrefix(content, LinkTo) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func (f Files) ReadDir(folder string) ([]Entry, error) {
	kinds := map[string]EntryKind{}
	for name, content := range f {
		rest := name
		if folder != "." {
			var below bool
			if rest, below = strings.CutPrefix(name, folder+"/"); !below {
				continue
			}
		}
		first, _, deeper := strings.Cut(rest, "/")
		switch {
		case deeper:
			kinds[first] = Folder
		case strings.HasPrefix(content, LinkTo):
			kinds[first] = Link
		default:
			kinds[first] = RegularFile
		}
	}
	if len(kinds) == 0 && folder != "." {
		return nil, &fs.PathError{Op: "list", Path: folder, Err: fs.ErrNotExist}
	}
	return sortedEntries(kinds), nil
}

func (f Files) Readlink(name string) (string, error) {
	target, ok := strings.CutPrefix(f[name], LinkTo)
	if !ok {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrNotExist}
	}
	return target, nil
}

func (f Files) Hash(name string) (string, error) {
	content, ok := f[name]
	if !ok {
		return "", &fs.PathError{Op: "hash", Path: name, Err: fs.ErrNotExist}
	}
	return blobHash([]byte(strings.TrimPrefix(content, LinkTo))), nil
}

// blobHash is git's object id of a blob.
func blobHash(content []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

func sortedEntries(kinds map[string]EntryKind) []Entry {
	entries := make([]Entry, 0, len(kinds))
	for name, kind := range kinds {
		entries = append(entries, Entry{Name: name, Kind: kind})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries
}
