package overlay

import (
	"slices"
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
	switch {
	case field.identifies() && (!ok || source.By == ByPatch):
		if !o.certain || len(b.mergesOf(o)) == 0 {
			return Source{}, false
		}
		return b.introduced(o, field, n)
	case source.By == ByPatch && field.finds():
		return b.found(o, field, n, source)
	}
	return source, ok && source.Exact
}

// identifies reports whether a field names an object. Merging a patch writes
// these anew: as they were, unless the patch may change them.
func (f Field) identifies() bool {
	return len(f) == 1 && (f[0] == "kind" || f[0] == "apiVersion") || len(f) == 2 && f[0] == "metadata" && f[1] == "name"
}

// introduced is the source of a field that names o, in the document that is
// known to introduce o. The name of a Namespace is set by whatever sets
// namespaces, too.
func (b *Build) introduced(o *Object, field Field, n *yaml.Node) (Source, bool) {
	if o.made == nil || o.made.document == nil || b.operated(o, field) || o.Ref.Kind == "Namespace" && field.Last() == "name" && b.namespaces() ||
		slices.ContainsFunc(b.patchesOf(o), func(p *patch) bool { return p.renames }) {
		return Source{}, false
	}
	in := lookup(o.made.node, field)
	if in == nil || in.Kind != yaml.ScalarNode || in.Value != n.Value {
		return Source{}, false
	}
	source := o.made.document.source(in)
	return source, source.Exact
}

// namespaces reports whether a kustomization of the build sets namespaces.
func (b *Build) namespaces() bool {
	return slices.ContainsFunc(b.closure.kustomizations, func(k *kustomization) bool {
		return entry(k.root, "namespace") != nil || entry(k.root, "transformers") != nil
	})
}

// found is the source of a scalar that kept its position in a patch, and that
// the patch may have found the item of a list by: then it is the document
// below that sets it. That the list keeps something of that document shows that
// the patch did not take the place of the list.
func (b *Build) found(o *Object, field Field, n *yaml.Node, patched Source) (Source, bool) {
	d, _ := b.addresses.find(n.Line)
	said := b.saying(o, field, n)
	if len(said) == 0 || said[0].document == d {
		return patched, patched.Exact
	}
	below, kept := said[0].document, false
	item := field.Parent()
	if mergeKey(o.Lookup(item)) == field.Last() && strings.HasPrefix(item.Last(), "["+field.Last()+"=") {
		eachScalar(o.Lookup(item.Parent()), nil, func(_ Field, n *yaml.Node) {
			d, _ := b.addresses.find(n.Line)
			kept = kept || d == below
		})
	}
	source := below.source(said[0].node)
	return source, kept && source.Exact
}

// mergeKey is the key by which a patch finds an item: the first that it has.
// Ports and mounts have names too, and are not found by them.
func mergeKey(item *yaml.Node) string {
	for _, key := range []string{"mountPath", "devicePath", "containerPort", "port", "topologyKey", "ip", "name"} {
		if child(item, key) != nil {
			return key
		}
	}
	return ""
}

// mergeKeys are the keys by which patches find the items of lists.
var mergeKeys = []string{"name", "containerPort", "port", "protocol", "mountPath", "devicePath", "topologyKey", "ip", "key", "type", "uid"}

// finds reports whether patches may find an item of a list by a field of it.
func (f Field) finds() bool {
	return len(f) > 1 && IsItem(f[len(f)-2]) && slices.Contains(mergeKeys, f.Last())
}

// spot is a node of a document.
type spot struct {
	document *document
	node     *yaml.Node
}

// saying are the scalars at a field of the documents of o that say what was
// built there, in the order in which they are applied.
func (b *Build) saying(o *Object, field Field, n *yaml.Node) []spot {
	var all []spot
	for _, s := range b.at(o, field) {
		if sameValue(s.node, n) {
			all = append(all, s)
		}
	}
	return all
}

// at are the scalars at a field of the documents of o, in the order in which
// they are applied.
func (b *Build) at(o *Object, field Field) []spot {
	var all []spot
	add := func(d *document, root *yaml.Node) {
		if n := lookup(root, field); n != nil && n.Kind == yaml.ScalarNode {
			all = append(all, spot{d, n})
		}
	}
	if o.made != nil && o.made.document != nil {
		add(o.made.document, o.made.node)
	}
	for _, d := range b.mergesOf(o) {
		add(d, d.root)
	}
	return all
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
	if !ok || at.node.Kind != n.Kind || n.Kind == yaml.ScalarNode && at.node.Value != n.Value && (at.node.Tag != "!!null" || n.Tag != "!!null") {
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
	s := d.text.down(n, d.line-1)
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
