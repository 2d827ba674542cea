package overlay

import (
	"context"
	"iter"

	"go.yaml.in/yaml/v3"
)

// A BlameLine is one scalar of a build with the source that says it.
type BlameLine struct {
	Object ObjectRef
	Field  Field
	Value  string
	Source Source
}

// Blame explains every scalar of the build, in the order of the build. The
// error is of ctx only.
func (b *Build) Blame(ctx context.Context) ([]BlameLine, error) {
	var lines []BlameLine
	for _, o := range b.Objects {
		var failed error
		eachScalar(o.Node, nil, func(field Field, n *yaml.Node) {
			source, err := b.Explain(ctx, o, field)
			if err != nil {
				failed = err
				return
			}
			lines = append(lines, BlameLine{o.Ref, field, n.Value, source})
		})
		if failed != nil {
			return nil, failed
		}
	}
	return lines, nil
}

// Scalars are the fields of o that hold a scalar, in the order of the build.
func (o *Object) Scalars() iter.Seq2[Field, *yaml.Node] {
	return func(yield func(Field, *yaml.Node) bool) {
		going := true
		eachScalar(o.Node, nil, func(field Field, n *yaml.Node) { going = going && yield(field, n) })
	}
}
