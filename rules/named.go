package rules

import (
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A name is what one object of a build is found by.
type name struct{ kind, namespace, name string }

// named is the object of a kind and name in a namespace, nil where the build
// has none.
func (p *Pass) named(kind, namespace, object string) *overlay.Object {
	return p.index.named[name{kind, namespace, object}]
}

// keys are the keys of a mapping.
func keys(n *yaml.Node) []string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var out []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, n.Content[i].Value)
	}
	return out
}
