package fixes

import (
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

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

// fileEdits are the edits of several files, and the files that go.
type fileEdits struct {
	edits map[string][]yamledit.Edit
	gone  map[string]bool
}

func (e *fileEdits) add(file string, edits ...yamledit.Edit) {
	if e.edits == nil {
		e.edits = map[string][]yamledit.Edit{}
	}
	e.edits[file] = append(e.edits[file], edits...)
}

func (e *fileEdits) remove(file string) {
	if e.gone == nil {
		e.gone = map[string]bool{}
	}
	e.gone[file] = true
}

// files makes the edits, in the order of the files' paths.
func (e *fileEdits) files(p *Plan) ([]FileChange, error) {
	var out []FileChange
	for _, file := range sortedKeys(e.edits) {
		if err := p.editable(file); err != nil {
			return nil, err
		}
		if e.gone[file] {
			out = append(out, FileChange{Path: file, Delete: true})
			continue
		}
		parsed, err := p.parse(file)
		if err != nil {
			return nil, err
		}
		changed, err := change(file, parsed, e.edits[file]...)
		if err != nil {
			return nil, err
		}
		out = append(out, changed)
	}
	return out, nil
}

// change is the edits of one file.
func change(file string, parsed *yamledit.File, edits ...yamledit.Edit) (FileChange, error) {
	edited, err := parsed.Apply(edits...)
	if err != nil {
		return FileChange{}, refused(file, err)
	}
	return FileChange{Path: file, Splices: edited.Splices}, nil
}

// refused says why a file's text does not allow an edit.
func refused(file string, err error) *NoFix {
	var shared *yamledit.ErrShared
	var alias *yamledit.ErrAlias
	var merged *yamledit.ErrMerged
	reason := ReasonText
	if errors.As(err, &shared) || errors.As(err, &alias) || errors.As(err, &merged) {
		reason = ReasonShared
	}
	return &NoFix{reason, fmt.Sprintf("%s cannot be edited safely here: %v.", file, err)}
}

// valueOf is a built node as text to write.
func valueOf(node *yaml.Node) (yamledit.Value, error) {
	node = resolved(node)
	switch {
	case node.Kind == yaml.MappingNode:
		var out yamledit.Map
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := valueOf(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			out = append(out, yamledit.Item{Key: node.Content[i].Value, Value: value})
		}
		return out, nil
	case node.Kind == yaml.SequenceNode:
		var out yamledit.List
		for _, item := range node.Content {
			value, err := valueOf(item)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	}
	switch node.ShortTag() {
	case "!!str":
		return yamledit.String(node.Value), nil
	case "!!bool":
		return yamledit.Bool(node.Value == "true"), nil
	case "!!int":
		number, err := strconv.Atoi(node.Value)
		if err == nil {
			return yamledit.Int(number), nil
		}
	}
	return nil, &NoFix{ReasonText, fmt.Sprintf("The value %s is not one that Kustodian writes.", node.Value)}
}
