package fixes

import (
	"go.yaml.in/yaml/v3"
)

// A tree is part of an object as a strategic merge patch says it: mappings are
// merged key by key, lists item by item where the items have names.

// isEmpty reports whether a node says nothing: it is absent, null, {} or [].
func isEmpty(node *yaml.Node) bool {
	if node = resolved(node); node == nil {
		return true
	}
	return len(node.Content) == 0 && (node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null")
}

// filled is a copy of node with what the tree has and node has not.
func filled(node, tree *yaml.Node) *yaml.Node { return overlaid(node, nil, tree) }

// overlaid is [filled], with the scalars too that node has as said has them: a
// node that takes them from said gets what said is given.
func overlaid(node, said, tree *yaml.Node) *yaml.Node {
	node, said, tree = resolved(node), resolved(said), resolved(tree)
	switch {
	case tree == nil:
		return renamed(node, nil)
	case isEmpty(node), node.Kind == yaml.ScalarNode && said != nil && equal(node, said):
		return renamed(tree, nil)
	}
	out := renamed(node, nil)
	switch {
	case node.Kind == yaml.MappingNode && tree.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(tree.Content); i += 2 {
			key := tree.Content[i].Value
			assign(out, key, overlaid(child(node, key), child(said, key), tree.Content[i+1]))
		}
	case node.Kind == yaml.SequenceNode && tree.Kind == yaml.SequenceNode:
		for _, item := range tree.Content {
			if i, found := indexOf(out.Content, scalar(item, "name")); found != nil {
				_, other := indexOf(items(said), scalar(item, "name"))
				out.Content[i] = overlaid(found, other, item)
			} else {
				out.Content = append(out.Content, renamed(item, nil))
			}
		}
	}
	return out
}

// fill are the edits that make of the node at a place what the tree says: what
// is there and not in the tree stays.
func fill(at place, tree *yaml.Node) ([]Edit, error) {
	var out []Edit
	tree = resolved(tree)
	for i := 0; i+1 < len(tree.Content); i += 2 {
		key, value := tree.Content[i].Value, resolved(tree.Content[i+1])
		below := at.below(key)
		edits := make([]Edit, 1)
		var err error
		switch found := child(at.node, key); {
		case found == nil:
			edits[0], err = at.add(key, value)
		case value.Kind == yaml.MappingNode:
			edits, err = fill(below, value)
		case value.Kind == yaml.SequenceNode:
			edits, err = fillList(below, value)
		case value.Kind == yaml.ScalarNode && found.Kind == yaml.ScalarNode && !equal(found, value):
			edits[0] = below.set(value.Value)
		default:
			edits = nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, edits...)
	}
	return out, nil
}

func fillList(at place, list *yaml.Node) ([]Edit, error) {
	var out []Edit
	for _, item := range list.Content {
		i, found := indexOf(items(at.node), scalar(item, "name"))
		var edits []Edit
		var err error
		if found != nil {
			edits, err = fill(at.below(i), item)
		} else {
			edits = make([]Edit, 1)
			edits[0], err = at.append(item)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, edits...)
	}
	return out, nil
}

// wrapped is the tree of an object that has a tree at a field; an item of a
// list is told by its key.
func wrapped(field []string, tree *yaml.Node) *yaml.Node {
	for i := len(field) - 1; i >= 0; i-- {
		outer := &yaml.Node{Kind: yaml.MappingNode}
		if key, value, ok := itemKey(field[i]); ok {
			set(outer, value, key)
			outer.Content = append(outer.Content, tree.Content...)
			tree = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{outer}}
			continue
		}
		put(outer, tree, field[i])
		tree = outer
	}
	return tree
}
