package overlay

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// twice finds a key that stands twice in one mapping of an object: kustomize
// builds it, and then cannot print it.
func (b *Build) twice() *BuildError {
	for _, o := range b.Objects {
		first, second := repeatedKey(o.Node)
		if second == nil {
			continue
		}
		e := &BuildError{Overlay: b.Overlay, Reason: ReasonInvalid, Path: b.closure.kustomizations[0].path, Line: 1, Column: 1,
			Message: fmt.Sprintf("%s %s has the key %q twice in one mapping", o.Ref.Kind, o.Ref.Name, second.Value),
			Hint:    "take one of the two out",
			Said:    fmt.Sprintf("mapping key %q already defined", second.Value)}
		if at, ok := b.keyAt(second); ok {
			e.Path, e.Line, e.Column = at.Path, at.Line, at.Column
		}
		if at, ok := b.keyAt(first); ok {
			e.Message += fmt.Sprintf(", first at %s:%d", at.Path, at.Line)
		}
		return e
	}
	return nil
}

// keyAt is the place of a key whose position survived the build.
func (b *Build) keyAt(key *yaml.Node) (Source, bool) {
	d, line := b.addresses.find(key.Line)
	if d == nil {
		return Source{}, false
	}
	return d.text.down(&yaml.Node{Kind: yaml.ScalarNode, Line: line, Column: key.Column}, d.line-1), true
}

// fewKeys is how many keys are compared with each other; more are looked up.
const fewKeys = 16

// repeatedKey is a key of a mapping at or below n that stands there before, with
// where it does; nil where there is none.
func repeatedKey(n *yaml.Node) (first, second *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var known map[string]*yaml.Node
		if len(n.Content) > 2*fewKeys {
			known = make(map[string]*yaml.Node, len(n.Content)/2)
		}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if known != nil {
				if same := known[key.Value]; same != nil && same.Kind == key.Kind {
					return same, key
				}
				known[key.Value] = key
				continue
			}
			for j := 0; j < i; j += 2 {
				if same := n.Content[j]; same.Value == key.Value && same.Kind == key.Kind {
					return same, key
				}
			}
		}
	}
	for _, c := range n.Content {
		if first, second = repeatedKey(c); second != nil {
			return first, second
		}
	}
	return nil, nil
}
