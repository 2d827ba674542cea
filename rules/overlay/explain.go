package overlay

import (
	"context"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Explain answers for every field of every object of the build, doing more
// work than [Build.Where] where it must: the work is done once per build. A
// field that is absent is answered with the place of the nearest field above
// it. The error is of ctx only.
func (b *Build) Explain(ctx context.Context, o *Object, field Field) (Source, error) {
	source, err := b.explain(ctx, o, field)
	return b.InTree(source), err
}

func (b *Build) explain(ctx context.Context, o *Object, field Field) (Source, error) {
	if err := ctx.Err(); err != nil {
		return Source{}, fmt.Errorf("explaining %s of %s: %w", field, o.Ref, err)
	}
	n := o.Lookup(field)
	present := n != nil
	for n == nil && len(field) > 0 {
		field = field.Parent()
		n = o.Lookup(field)
	}
	if n.Kind != yaml.ScalarNode {
		source := b.explainAbove(o, field, n)
		source.Exact = source.Exact && present && !b.overwritable(field, n)
		return source, nil
	}
	if source, ok := b.Where(o, field); ok {
		source.Via = b.overridden(o, field, source)
		return source, nil
	}
	source, ok, err := b.explained(ctx, n)
	if err != nil {
		return Source{}, fmt.Errorf("explaining %s of %s: %w", field, o.Ref, err)
	}
	if !ok {
		source = b.ofObject(o)
	}
	source.Via = b.overridden(o, field, source)
	return source, nil
}

// explainAbove answers for a mapping or list: where the document that
// introduces the object has it, else where the build has it, else for what is
// above it.
func (b *Build) explainAbove(o *Object, field Field, n *yaml.Node) Source {
	if o.made != nil && o.made.document != nil {
		if in := lookup(o.made.node, field); in != nil && in.Kind == n.Kind {
			return o.made.document.source(in)
		}
	}
	if source, ok := b.Where(o, field); ok {
		return source
	}
	for _, d := range slices.Backward(b.mergesOf(o)) {
		if in := lookup(d.root, field); in != nil && in.Kind == n.Kind {
			return d.source(in)
		}
	}
	if len(field) == 0 {
		return b.ofObject(o)
	}
	above := field.Parent()
	source := b.explainAbove(o, above, o.Lookup(above))
	source.Exact = false
	return source
}

// ofObject is the object's own document, the answer where none is better.
func (b *Build) ofObject(o *Object) Source {
	if len(o.Documents) == 0 {
		return Source{By: ByKustomize, How: HowUnknown}
	}
	source := o.Documents[0]
	source.How, source.Exact = HowObject, false
	return source
}
