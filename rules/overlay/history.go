package overlay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A History is what the layers of an overlay say about one field of an object.
type History struct {
	// Object is the object as built; one that a patch deletes as its document
	// names it.
	Object ObjectRef
	Field  Field
	State  string // one of FieldSet, FieldDeleted, FieldGone and FieldAbsent
	Value  string // where set
	// Source is what sets the field, what deletes it, or where it would be
	// written. Its Via are the places below it that say the field.
	Source Source
	// Documents are the starts of the documents that made the object, in order.
	Documents []Source
}

// What became of a field, in [History].State.
const (
	FieldSet     = "set"
	FieldDeleted = "deleted" // a patch takes away what a layer below it says
	FieldGone    = "gone"    // a patch takes away the whole object
	FieldAbsent  = "absent"  // no layer says it
)

// Histories answers for a field, and all scalars below it, in each object of
// the build that has it, or that had it before a patch took it away. Where none
// has, it answers where the field would be written in those objects that have
// what is right above it. A step [*] stands for every item of a list of the
// build. The error is of ctx only.
func (b *Build) Histories(ctx context.Context, field Field) ([]History, error) {
	var all, absent []History
	for _, o := range b.Objects {
		for _, field := range o.matching(field) {
			found, err := b.history(ctx, o, field)
			if err != nil {
				return nil, err
			}
			for _, h := range found {
				if h.State == FieldAbsent {
					absent = append(absent, h)
				} else {
					all = append(all, h)
				}
			}
		}
	}
	for _, n := range b.stillborn {
		if n.document == nil || lookup(n.node, field) == nil {
			continue
		}
		if source, ok := b.deletes(ctx, n); ok {
			via := n.document.source(lookup(n.node, field))
			source.Via = []Source{via}
			all = append(all, History{Object: n.ref, Field: field, State: FieldGone, Source: source, Documents: []Source{n.source}})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", field, err)
	}
	if len(all) == 0 {
		all = absent
	}
	for i, h := range all {
		all[i].Source, all[i].Documents = b.InTree(h.Source), slices.Clone(h.Documents)
		for j, d := range h.Documents {
			all[i].Documents[j] = b.InTree(d)
		}
	}
	return all, nil
}

// matching are the fields of o that a field with steps [*] stands for.
func (o *Object) matching(field Field) []Field {
	all := []Field{nil}
	for _, step := range field {
		var longer []Field
		for _, at := range all {
			steps := []string{step}
			if list := o.Lookup(at); step == "[*]" {
				steps = nil
				if list != nil && list.Kind == yaml.SequenceNode {
					steps = itemSteps(list)
				}
			}
			for _, step := range steps {
				longer = append(longer, at.Append(step))
			}
		}
		all = longer
	}
	return all
}

func (b *Build) history(ctx context.Context, o *Object, field Field) ([]History, error) {
	var all []History
	if n := o.Lookup(field); n != nil {
		var failed error
		eachScalar(n, field, func(at Field, scalar *yaml.Node) {
			source, err := b.Explain(ctx, o, at)
			if err != nil {
				failed = err
			}
			all = append(all, History{o.Ref, at, FieldSet, scalar.Value, source, o.Documents})
		})
		return all, failed
	}
	if said := b.layersOf(o, field); len(said) > 0 {
		source := b.takesAway(ctx, o, field)
		source.Via = slices.DeleteFunc(said, func(s Source) bool { return s.at(source) })
		slices.Reverse(source.Via)
		return []History{{Object: o.Ref, Field: field, State: FieldDeleted, Source: source, Documents: o.Documents}}, nil
	}
	if len(field) == 0 || o.Lookup(field.Parent()) == nil {
		return nil, nil
	}
	source, err := b.Explain(ctx, o, field)
	return []History{{Object: o.Ref, Field: field, State: FieldAbsent, Source: source, Documents: o.Documents}}, err
}

// layersOf are the places that say a field, be it no scalar.
func (b *Build) layersOf(o *Object, field Field) []Source {
	if said := b.layers(o, field); len(said) > 0 {
		return said
	}
	var all []Source
	add := func(d *document, root *yaml.Node) {
		if n := lookup(root, field); n != nil && n.Tag != "!!null" && child(n, "$patch") == nil {
			all = append(all, d.source(n))
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

// Removed is the place in a patch that takes away a field of o which a layer
// below it says; ok is false where none does. It builds nothing, so of several
// patches that may have done it, it names the last.
func (b *Build) Removed(o *Object, field Field) (source Source, ok bool) {
	if o.Lookup(field) != nil {
		return Source{}, false
	}
	for _, p := range slices.Backward(b.patchesOf(o)) {
		if at, deletes := p.deletion(o, field); deletes && len(b.layersOf(o, field)) > 0 {
			return at, true
		}
	}
	return Source{}, false
}

// maxSuspects bounds the builds that looking for what deleted something costs.
const maxSuspects = 8

// takesAway is the place in a patch that deletes a field of o: the last one
// without which the build has the field. Where that cannot be seen it is the
// likeliest, and where there is none the object's own document.
func (b *Build) takesAway(ctx context.Context, o *Object, field Field) Source {
	likely := b.ofObject(o)
	tries := 0
	for _, p := range slices.Backward(b.patchesOf(o)) {
		at, ok := p.deletion(o, field)
		if !ok || tries == maxSuspects || ctx.Err() != nil {
			continue
		}
		if tries++; tries == 1 {
			likely = at
			likely.How, likely.Exact = HowObject, false
		}
		if nodes := b.without(ctx, p); len(nodes) == len(b.Objects) && lookup(nodes[o.Made], field) != nil {
			at.How = HowExperiment
			return at
		}
	}
	return likely
}

// without builds the overlay without one of its patches: the objects in the
// order in which the engine makes them, none where it does not build.
func (b *Build) without(ctx context.Context, p *patch) []*yaml.Node {
	serving := b.snapshot.newServing(lowAddress)
	serving.leaveOut = func(k *kustomization, item *yaml.Node) bool {
		return p.is(k, item)
	}
	built, err := b.snapshot.run(ctx, b.Overlay, serving, b.closure.openapi)
	if err != nil {
		return nil // others need the patch
	}
	var nodes []*yaml.Node
	for _, r := range built.Resources() {
		nodes = append(nodes, r.YNode())
	}
	return nodes
}

// deletion is the place in a patch that may delete a field: a null, a
// directive, or an operation.
func (p *patch) deletion(o *Object, field Field) (Source, bool) {
	for _, d := range p.merges {
		if p.target == nil && !d.names(o) {
			continue
		}
		for i := range field {
			n := lookup(d.root, field[:i+1])
			switch {
			case n == nil && i+1 < len(field):
				continue
			case n == nil:
			case n.Tag == "!!null":
				return d.source(n), true
			case child(n, "$patch") != nil:
				return d.source(child(n, "$patch")), true
			case n.Kind == yaml.SequenceNode && i+1 < len(field) && lookup(n, field[i+1:i+2]) == nil:
				return d.source(n), true // a list that takes another's place
			}
		}
	}
	for _, op := range p.ops {
		steps := pointerSteps(scalar(child(op, "path")))
		kind := scalar(child(op, "op"))
		if kind == "move" {
			steps = pointerSteps(scalar(child(op, "from")))
		}
		if kind != "add" && kind != "copy" && kind != "test" && len(steps) <= len(field) && meets(steps, field) {
			source := p.at(op)
			source.By, source.Exact = ByJSONPatch, source.EndLine > 0
			return source, true
		}
	}
	return Source{}, false
}

// A Deletion is an object that the files introduce and a patch deletes.
type Deletion struct {
	Object     ObjectRef // as its document names it
	Introduced Source    // its document
	Source     Source    // what deletes it
}

// Deleted lists the objects that patches delete, in the order in which the
// files introduce them. The error is of ctx only.
func (b *Build) Deleted(ctx context.Context) ([]Deletion, error) {
	var all []Deletion
	for _, n := range b.stillborn {
		if source, ok := b.deletes(ctx, n); ok {
			all = append(all, Deletion{n.ref, n.source, source})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("looking for what %s deletes: %w", b.Overlay, err)
	}
	return all, nil
}

// deletes is the directive of the patch that deletes what was introduced.
func (b *Build) deletes(ctx context.Context, n *born) (Source, bool) {
	o := &Object{Ref: n.ref, Origin: n.ref, Node: n.node}
	o.Ref.Name, o.Ref.Namespace = n.name, n.namespace
	for _, p := range slices.Backward(b.patches()) {
		if !slices.Contains(n.chain, p.in) || !p.appliesTo(o) {
			continue
		}
		for _, d := range p.merges {
			directive := child(d.root, "$patch")
			if scalar(directive) != "delete" || p.target == nil && !d.names(o) {
				continue
			}
			source := d.source(directive)
			source.How, source.Exact = HowObject, false
			for _, node := range b.without(ctx, p) {
				// The name comes out as the rest of the chain makes it.
				if ref := refOf(node); ref.Kind == n.ref.Kind && strings.Contains(ref.Name, n.ref.Name) && !b.has(ref) {
					source.How, source.Exact = HowExperiment, !d.text.fixed
				}
			}
			return source, true
		}
	}
	return Source{}, false
}

func (b *Build) has(ref ObjectRef) bool {
	return slices.ContainsFunc(b.Objects, func(o *Object) bool { return o.Ref == ref })
}
