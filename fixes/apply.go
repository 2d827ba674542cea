package fixes

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// Apply returns the files as the fixes leave them, by path; nil for a deleted
// one. read returns a file as it is, and an error of fs.ErrNotExist for one that
// is not there. Apply returns a *NoFix of ReasonConflict where two fixes change
// the same bytes, or create or delete what another one changes.
func Apply(read func(path string) ([]byte, error), fixes []Fix) (map[string][]byte, error) {
	changes := map[string][]FileChange{}
	for _, fix := range fixes {
		for _, change := range fix.Files {
			changes[change.Path] = append(changes[change.Path], change)
		}
	}
	files := map[string][]byte{}
	for path, changes := range changes {
		after, err := applyFile(read, path, changes)
		if err != nil {
			return nil, err
		}
		files[path] = after
	}
	return files, nil
}

func applyFile(read func(string) ([]byte, error), path string, changes []FileChange) ([]byte, error) {
	first := changes[0]
	whole := slices.ContainsFunc(changes, func(c FileChange) bool { return c.Create != nil || c.Delete })
	if whole && slices.ContainsFunc(changes, func(c FileChange) bool { return !sameFile(c, first) }) {
		return nil, conflict(path)
	}
	src, err := read(path)
	switch {
	case first.Create != nil && err == nil:
		return nil, &NoFix{ReasonConflict, fmt.Sprintf("%s was to be created and is there already.", path)}
	case err != nil && !(first.Create != nil && errors.Is(err, fs.ErrNotExist)):
		return nil, fmt.Errorf("reading %s to change it: %w", path, err)
	}
	if whole || len(changes) == 1 {
		return first.Apply(src)
	}
	return joined(path, src, changes)
}

// joined is a file with the changes of several fixes: their splices where
// these stand apart, else what their edits give one after the other.
func joined(path string, src []byte, changes []FileChange) ([]byte, error) {
	var splices []yamledit.Splice
	var edits []Edit
	for _, change := range changes {
		for _, s := range change.Splices {
			if !slices.Contains(splices, s) {
				splices = append(splices, s)
			}
		}
		for _, e := range change.Edits {
			if slices.ContainsFunc(edits, func(other Edit) bool { return e.clashes(other) }) {
				return nil, conflict(path)
			}
		}
		edits = append(edits, change.Edits...)
	}
	slices.SortFunc(splices, func(a, b yamledit.Splice) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	apart := true
	for i := 1; i < len(splices); i++ {
		apart = apart && splices[i-1].End < splices[i].Start
	}
	if apart {
		return splice(path, src, splices)
	}
	if slices.ContainsFunc(changes, func(c FileChange) bool { return len(c.Edits) == 0 }) {
		return nil, conflict(path)
	}
	after, err := edited(path, src, edits)
	var noFix *NoFix
	if errors.As(err, &noFix) {
		return nil, conflict(path)
	}
	return after.Bytes, err
}

// Apply returns the file as the change leaves it, given the bytes as they are;
// nil for a deleted one. src is nil for a file to be created.
func (c FileChange) Apply(src []byte) ([]byte, error) {
	switch {
	case c.Create != nil:
		return []byte(*c.Create), nil
	case c.Delete:
		return nil, nil
	}
	return splice(c.Path, src, c.Splices)
}

// splice puts the splices of one change, in their order, into its file.
func splice(path string, src []byte, splices []yamledit.Splice) ([]byte, error) {
	var out []byte
	end := 0
	for _, s := range splices {
		if s.Start < end || s.End < s.Start || s.End > len(src) {
			return nil, fmt.Errorf("changing %s: bytes %d to %d of %d", path, s.Start, s.End, len(src))
		}
		out = append(out, src[end:s.Start]...)
		out = append(out, s.New...)
		end = s.End
	}
	return append(out, src[end:]...), nil
}

func conflict(path string) *NoFix {
	return &NoFix{ReasonConflict, fmt.Sprintf("Another fix changes the same place of %s; when that one is in, this one can follow.", path)}
}
