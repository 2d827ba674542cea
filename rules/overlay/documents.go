package overlay

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// documents are the starts of the documents that made an object: the one that
// introduces it, then the patches that left a position in it, in the order
// they were read.
func (b *Build) documents(o *Object) []Source {
	seen := map[*document]bool{}
	var order []*document
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if d, _ := b.addresses.find(n.Line); d != nil && !seen[d] {
			seen[d] = true
			order = append(order, d)
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(o.Node)
	var sources []Source
	if intro := b.introduction(o, order); intro != nil {
		sources = append(sources, intro.Source)
	}
	for _, segment := range b.addresses.segments {
		if seen[segment.document] && segment.document.text.role == rolePatch {
			sources = append(sources, segment.document.whole())
		}
	}
	return sources
}

// introduction is the mapping that introduces an object.
type introduction struct {
	Source
	document *document
	node     *yaml.Node
}

// introduction finds the mapping that introduces o: among the documents that
// left a position in it, else among all that the build read.
func (b *Build) introduction(o *Object, seen []*document) *introduction {
	find := func(d *document) *introduction {
		if d.text.role != roleResource {
			return nil
		}
		d.parse()
		for _, n := range d.objects() {
			if ref := refOf(n); ref.Kind == o.Origin.Kind && ref.Name == o.Origin.Name {
				return &introduction{d.source(n), d, n}
			}
		}
		return nil
	}
	for _, d := range seen {
		if in := find(d); in != nil {
			return in
		}
	}
	for _, segment := range b.addresses.segments {
		if slices.Contains(seen, segment.document) {
			continue
		}
		if in := find(segment.document); in != nil && (o.Origin.Namespace == "" || refOf(in.node).Namespace == o.Origin.Namespace || refOf(in.node).Namespace == "") {
			return in
		}
	}
	return nil
}

// objects are the objects of a document: itself, or the items of a List.
func (d *document) objects() []*yaml.Node {
	if d.root == nil {
		return nil
	}
	if list := items(child(d.root, "items")); list != nil && len(scalar(child(d.root, "kind"))) >= 4 {
		return append([]*yaml.Node{d.root}, list...)
	}
	return []*yaml.Node{d.root}
}

// whole is the source of a whole document.
func (d *document) whole() Source {
	d.parse()
	if d.root == nil {
		return Source{Path: d.text.path, Line: d.text.line + d.line, Column: 1, By: ByPatch, How: HowNode}
	}
	return d.source(d.root)
}
