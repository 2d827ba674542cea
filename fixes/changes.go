package fixes

import (
	"fmt"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// parse reads a file to be edited.
func (p *Plan) parse(file string) (*yamledit.File, error) {
	if parsed, ok := p.read.files[file]; ok {
		return parsed, nil
	}
	src, err := p.Snapshot.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	parsed, err := yamledit.Parse(src)
	if err != nil {
		return nil, refused(file, err)
	}
	p.read.files[file] = parsed
	return parsed, nil
}

// fileChanges are the changes of several files, as a plan collects them.
type fileChanges struct {
	edits map[string][]Edit
	made  map[string]string // the text of new files
	gone  map[string]bool
}

func newChanges() *fileChanges {
	return &fileChanges{edits: map[string][]Edit{}, made: map[string]string{}, gone: map[string]bool{}}
}

func (c *fileChanges) add(file string, edits ...Edit) {
	c.edits[file] = append(c.edits[file], edits...)
}

// files makes the changes, in the order of the files' paths.
func (c *fileChanges) files(p *Plan) ([]FileChange, error) {
	var out []FileChange
	for _, file := range sortedKeys(c.gone) {
		if err := p.editable(file); err != nil {
			return nil, err
		}
		out = append(out, FileChange{Path: file, Delete: true})
	}
	for _, file := range sortedKeys(c.edits) {
		if c.gone[file] {
			continue
		}
		if err := p.editable(file); err != nil {
			return nil, err
		}
		src, err := p.Snapshot.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		after, err := edited(file, src, c.edits[file])
		if err != nil {
			return nil, err
		}
		out = append(out, FileChange{Path: file, Edits: c.edits[file], Splices: after.Splices})
	}
	for _, file := range sortedKeys(c.made) {
		text := c.made[file]
		out = append(out, FileChange{Path: file, Create: &text})
	}
	return out, nil
}
