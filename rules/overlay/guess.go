package overlay

import (
	"context"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// guess is a place that may have set a lost scalar. Where patches find an item
// of a list by the scalar, it stands in each of them, and all have to change
// together.
type guess struct {
	spots  []spot
	source Source
}

// guesses are the places that may have set a lost scalar, the likeliest first.
func (e *explanation) guesses(l lost) []guess {
	o := e.build.Objects[l.object]
	var all []guess
	add := func(by string, via []Source, spots ...spot) {
		source := spots[0].document.source(spots[0].node)
		source.Via = via
		if by != "" {
			source.By = by
		}
		all = append(all, guess{spots, source})
	}
	if from, field, place := e.build.replacedBy(o, l.field); from != nil {
		if s, ok := e.build.spotOf(from, field); ok {
			add(ByReplacement, []Source{place}, s)
		} else {
			for _, s := range slices.Backward(e.build.at(from, field)) {
				add(ByReplacement, []Source{place}, s)
			}
		}
	}
	if l.field.identifies() {
		return all // patches find their objects by what the documents say
	}
	same := e.build.saying(o, l.field, l.node)
	if len(same) > 1 && l.field.finds() {
		add("", nil, same...)
	}
	if account, ok := e.build.accountOf(o, l.field); ok && len(same) == 1 {
		add("", nil, same[0], account)
	}
	for _, s := range slices.Backward(e.build.at(o, l.field)) {
		switch {
		case sameValue(s.node, l.node):
			add("", nil, s)
		case strings.Contains(s.node.Value, "$("):
			add(ByVars, e.build.variables(s.node.Value), s)
		case s.node.Value != "" && renamed(s.node.Value, l.node.Value, e.build.affixes()):
			add(ByName, e.build.naming(l.node.Value), s)
		}
	}
	if len(all) == 0 || l.field.counts() {
		for _, s := range e.build.elsewhere(o, l) {
			add("", nil, s)
		}
	}
	return all
}

// accountOf is where the account that a subject of o names says its own name:
// what the engine makes of a subject goes by whether there is such an account.
func (b *Build) accountOf(o *Object, field Field) (spot, bool) {
	if len(field) != 3 || field[0] != "subjects" || field[2] != "name" {
		return spot{}, false
	}
	subject := o.Lookup(field[:2])
	for _, account := range b.Objects {
		if account.made == nil || account.made.document == nil || account.Ref.Kind != scalar(child(subject, "kind")) || account.Ref.Name != scalar(child(subject, "name")) {
			continue
		}
		if n := lookup(account.made.node, Field{"metadata", "name"}); n != nil && n.Kind == yaml.ScalarNode {
			return spot{account.made.document, n}, true
		}
	}
	return spot{}, false
}

// counts reports whether a field goes by the index of an item.
func (f Field) counts() bool {
	return slices.ContainsFunc(f, func(step string) bool { return IsItem(step) && !strings.Contains(step, "=") })
}

// naming are the entries of the generators whose objects have a name with a hash.
func (b *Build) naming(name string) []Source {
	for _, o := range b.Objects {
		if o.Ref.Name == name && o.made != nil && o.made.generator != nil {
			source := o.made.source
			source.By, source.How, source.Exact = ByKustomize, HowNode, true
			return []Source{source}
		}
	}
	return nil
}

// spotOf is where a field kept its position, whatever was written over it.
func (b *Build) spotOf(o *Object, field Field) (spot, bool) {
	n := o.Lookup(field)
	if n == nil || n.Kind != yaml.ScalarNode {
		return spot{}, false
	}
	d, line := b.addresses.find(n.Line)
	if d == nil {
		return spot{}, false
	}
	d.parse()
	at := d.places[place{line, n.Column}]
	if at == nil || at.node.Kind != yaml.ScalarNode {
		return spot{}, false
	}
	return spot{d, at.node}, true
}

// maxElsewhere bounds the places tried for one scalar.
const maxElsewhere = 3

// elsewhere are scalars with the value of a lost one under a field that ends
// as its own does: items of a list without names are not where they were
// written.
func (b *Build) elsewhere(o *Object, l lost) []spot {
	var all []spot
	look := func(d *document, root *yaml.Node) {
		eachScalar(root, nil, func(field Field, n *yaml.Node) {
			if len(all) < maxElsewhere && (n.Value != "" || n.Style != 0) && sameValue(n, l.node) && sameKeys(field, l.field) {
				all = append(all, spot{d, n})
			}
		})
	}
	for _, d := range slices.Backward(b.mergesOf(o)) {
		look(d, d.root)
	}
	if o.made != nil && o.made.document != nil {
		look(o.made.document, o.made.node)
	}
	return all
}

// sameKeys reports whether two fields differ only in which items of lists
// they are in.
func sameKeys(a, b Field) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool { return a == b || IsItem(a) && IsItem(b) })
}

// lastEntry is the last place on the way of o, other than in the documents of
// objects and of merge patches, that sets a field to a value; false where none
// does.
func (b *Build) lastEntry(o *Object, field Field, n *yaml.Node) (Source, bool) {
	for _, k := range slices.Backward(o.chain) {
		if all := append(b.dataOf(o, k, field), k.entriesFor(o, field)...); len(all) > 0 {
			return all[len(all)-1], true
		}
		for _, p := range slices.Backward(b.patchesOf(o)) {
			if p.in != k || field.counts() {
				continue // which item an operation made is not known
			}
			for _, written := range slices.Backward(p.writes(field)) {
				if sameValue(written, n) {
					return p.operation(written), true
				}
			}
		}
	}
	return Source{}, false
}

// byGuess answers for what is left: with the likeliest place, which nothing
// has confirmed, or with the entry of the generator.
func (e *explanation) byGuess(context.Context) {
	e.each(func(l lost) (Source, bool) {
		o := e.build.Objects[l.object]
		if source, ok := e.build.lastEntry(o, l.field, l.node); ok {
			source.How, source.Exact = HowObject, false
			return source, true
		}
		if all := e.guesses(l); len(all) > 0 {
			source := all[0].source
			source.How, source.Exact = HowObject, false
			return source, true
		}
		if o.made == nil {
			return Source{}, false
		}
		source := o.made.source
		if o.made.document != nil || !l.field.identifies() {
			source = e.build.explainAbove(o, l.field, l.node)
		}
		source.How, source.Exact = HowObject, false
		return source, true
	})
}
