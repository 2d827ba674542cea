package overlay

import "context"

// Explain answers for every field of every object of the build, doing more
// work than [Build.Where] where it must: the work is done once per build. A
// field that is absent is answered with the place of the nearest field above
// it. The error is of ctx only.
func (b *Build) Explain(ctx context.Context, o *Object, field Field) (Source, error) {
	if err := ctx.Err(); err != nil {
		return Source{}, err
	}
	if source, ok := b.Where(o, field); ok {
		return source, nil
	}
	return b.ofObject(o), nil
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
