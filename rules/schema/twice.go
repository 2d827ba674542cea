package schema

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// twice looks for keys that a mapping has twice: a build keeps both, and
// whatever reads it next refuses it or takes the last.
func (w *walk) twice(n *yaml.Node, at overlay.Field) {
	switch n.Kind {
	case yaml.MappingNode:
		seen := make(map[string]bool, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if seen[key.Value] && key.Value != "<<" {
				w.fault(ReasonField, at.Append(key.Value), key, "", fmt.Sprintf("%s has %s twice, which kustomize's own output refuses; keep the one that is meant", place(at), key.Value))
			}
			seen[key.Value] = true
			w.twice(n.Content[i+1], at.Append(key.Value))
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			w.twice(item, at.Append(overlay.IndexStep(i)))
		}
	}
}
