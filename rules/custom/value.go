package custom

import (
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"
)

// A Value is an object as checks see it. It may be used by many of them.
type Value struct{ value ref.Val }

// lastApplied holds a copy of the whole object, written by kubectl.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// ObjectOf is an object as checks see it: what is null is absent, as it is for
// a cluster, and so is whatever a Secret holds.
func ObjectOf(kind string, node *yaml.Node) Value {
	left := maxMemory
	object, ok := plainValue(node, &left).(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	if kind == "Secret" {
		delete(object, "data")
		delete(object, "stringData")
		if metadata, ok := object["metadata"].(map[string]any); ok {
			if annotations, ok := metadata["annotations"].(map[string]any); ok {
				delete(annotations, lastApplied)
			}
		}
	}
	return Value{types.DefaultTypeAdapter.NativeToValue(object)}
}

// plainValue is a node as maps, lists and scalars. left is how many nodes are
// read before the rest is left out: aliases can stand for more than there is.
func plainValue(n *yaml.Node, left *int) any {
	if *left--; n == nil || *left < 0 {
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return plainValue(n.Alias, left)
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if value := plainValue(n.Content[i+1], left); value != nil {
				out[n.Content[i].Value] = value
			}
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			out = append(out, plainValue(item, left))
		}
		return out
	}
	return scalar(n)
}

func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
	}
	return n.Value
}
