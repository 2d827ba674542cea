package overlay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A PrintedLine is one line of a build's YAML with the source that says it:
// of a scalar its own, of a mapping or list the one of its key. Source is nil
// where a value goes on from the line before, and between documents.
type PrintedLine struct {
	Text   string  `json:"text"` // without its line break
	Source *Source `json:"source,omitempty"`
}

// Print returns the build as `kustomize build` prints it, line by line. The
// error is of ctx, or of YAML that the engine printed and cannot be read.
func (b *Build) Print(ctx context.Context) ([]PrintedLine, error) {
	text, err := b.YAML()
	if err != nil {
		return nil, err
	}
	p := printing{ctx: ctx, build: b}
	for line := range strings.Lines(string(text)) {
		p.lines = append(p.lines, PrintedLine{Text: strings.TrimSuffix(line, "\n")})
	}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for _, p.object = range b.Objects {
		var document yaml.Node
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the build of %s: %w", b.Overlay, err)
		}
		if err := p.mark(document.Content[0], nil); err != nil {
			return nil, err
		}
	}
	return p.lines, nil
}

// printing is the work of giving the lines their sources.
type printing struct {
	ctx    context.Context
	build  *Build
	lines  []PrintedLine
	object *Object // whose document is at hand
}

// mark gives the lines of a printed node their sources. A line has the source
// of what begins first on it.
func (p *printing) mark(n *yaml.Node, at Field) error {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			field := at.Append(key.Value)
			if err := p.say(key.Line, field, len(value.Content) > 0); err != nil {
				return err
			}
			if err := p.mark(value, field); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		steps := itemSteps(n)
		for i, item := range n.Content {
			field := at.Append(steps[i])
			if len(item.Content) == 0 {
				if err := p.say(item.Line, field, false); err != nil {
					return err
				}
			}
			if err := p.mark(item, field); err != nil {
				return err
			}
		}
	}
	return nil
}

// say gives a line the source of a field, or of its key alone.
func (p *printing) say(line int, field Field, key bool) error {
	if line < 1 || line > len(p.lines) || p.lines[line-1].Source != nil {
		return nil
	}
	if key {
		if source, ok := p.build.whereKey(p.object, field); ok {
			source = p.build.InTree(source)
			p.lines[line-1].Source = &source
			return nil
		}
	}
	if made := p.object.made; key && made != nil && made.document != nil {
		field = firstBelow(p.object, field) // no document has the key: what sets that made it
	}
	source, err := p.build.Explain(p.ctx, p.object, field)
	if err != nil {
		return err
	}
	source.Exact = source.Exact && !key
	p.lines[line-1].Source = &source
	return nil
}

// firstBelow is the first scalar of o at or below a field, the field itself
// where there is none.
func firstBelow(o *Object, field Field) Field {
	first := field
	eachScalar(o.Lookup(field), field, func(at Field, _ *yaml.Node) {
		if len(first) == len(field) {
			first = at
		}
	})
	return first
}

// whereKey is the place of a field's key: in the document that introduces the
// object, else in a patch.
func (b *Build) whereKey(o *Object, field Field) (Source, bool) {
	in := func(d *document, root *yaml.Node) (Source, bool) {
		mapping := lookup(root, field.Parent())
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return Source{}, false
		}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == field.Last() {
				return d.source(mapping.Content[i]), true
			}
		}
		return Source{}, false
	}
	if o.made != nil && o.made.document != nil {
		if source, ok := in(o.made.document, o.made.node); ok {
			return source, true
		}
	}
	for _, d := range slices.Backward(b.mergesOf(o)) {
		if source, ok := in(d, d.root); ok {
			return source, true
		}
	}
	return Source{}, false
}
