package overlay

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Where answers for a field from the positions that survived the build. It
// is free and exact, or says no.
func (b *Build) Where(o *Object, field Field) (Source, bool) {
	n := o.Lookup(field)
	if n == nil || b.overwritable(field, n) {
		return Source{}, false
	}
	source, ok := b.placed(n, field.Last())
	return source, ok && source.Exact
}

// placed is the source of a built node by its address, where the document
// still says there what was built.
func (b *Build) placed(n *yaml.Node, step string) (Source, bool) {
	d, line := b.addresses.find(n.Line)
	if d == nil {
		return Source{}, false
	}
	d.parse()
	at, ok := d.places[place{line, n.Column}]
	if !ok || at.node.Kind != n.Kind || n.Kind == yaml.ScalarNode && at.node.Value != n.Value {
		return Source{}, false
	}
	if at.key != nil && at.key.Value != step && at.node.Anchor == "" && !IsItem(step) {
		return Source{}, false
	}
	return d.source(at.node), true
}

// source is the place of a node of a document in its file.
func (d *document) source(n *yaml.Node) Source {
	by := ByResource
	if d.text.role == rolePatch {
		by = ByPatch
	}
	shifted := yaml.Node{Line: d.line + n.Line - 1, Column: n.Column}
	s := d.text.of(&shifted)
	if !d.text.fixed {
		s.EndLine = s.Line + endLine(n) - n.Line
	}
	s.By, s.How, s.Exact = by, HowNode, !d.text.fixed
	return s
}

// Lookup returns the node at a field of o, nil where it is absent.
func (o *Object) Lookup(field Field) *yaml.Node { return lookup(o.Node, field) }

func lookup(n *yaml.Node, field Field) *yaml.Node {
	for _, step := range field {
		n = deref(n)
		switch {
		case n == nil:
			return nil
		case n.Kind == yaml.MappingNode:
			n = child(n, step)
		case n.Kind == yaml.SequenceNode && IsItem(step):
			n = item(n, step[1:len(step)-1])
		default:
			return nil
		}
	}
	return deref(n)
}

// item is the item of a list that the inside of a step names.
func item(list *yaml.Node, step string) *yaml.Node {
	key, value, keyed := strings.Cut(step, "=")
	if !keyed {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(list.Content) {
			return nil
		}
		return list.Content[i]
	}
	for _, candidate := range list.Content {
		if got := child(candidate, key); got != nil && deref(got).Value == value {
			return candidate
		}
	}
	return nil
}
