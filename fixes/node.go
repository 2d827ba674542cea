package fixes

import "go.yaml.in/yaml/v3"

// resolved is the node itself behind a document or an alias.
func resolved(node *yaml.Node) *yaml.Node {
	for node != nil {
		switch node.Kind {
		case yaml.DocumentNode:
			node = at(node, 0)
		case yaml.AliasNode:
			node = node.Alias
		default:
			return node
		}
	}
	return nil
}

// child is the value of a mapping's key, nil where it is absent or node is no mapping.
func child(node *yaml.Node, path ...string) *yaml.Node {
	node = resolved(node)
	for _, key := range path {
		var next *yaml.Node
		if node != nil && node.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(node.Content); i += 2 {
				if node.Content[i].Value == key {
					next = resolved(node.Content[i+1])
				}
			}
		}
		node = next
	}
	return node
}

// scalar is the value of the scalar at path, "" where there is none.
func scalar(node *yaml.Node, path ...string) string {
	if found := child(node, path...); found != nil && found.Kind == yaml.ScalarNode {
		return found.Value
	}
	return ""
}

// items are the items of the list at path.
func items(node *yaml.Node, path ...string) []*yaml.Node {
	if list := child(node, path...); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}

// at is the item at an index, nil beyond the end.
func at(node *yaml.Node, i int) *yaml.Node {
	if i >= len(node.Content) {
		return nil
	}
	return node.Content[i]
}

// itemOf is the list's item whose key has the value, nil where none has.
func itemOf(list *yaml.Node, key, value string) *yaml.Node {
	for _, item := range list.Content {
		if found := child(item, key); found != nil && found.Value == value {
			return item
		}
	}
	return nil
}

// without is the mapping less one key.
func without(node *yaml.Node, key string) *yaml.Node {
	out := *node
	out.Content = nil
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != key {
			out.Content = append(out.Content, node.Content[i], node.Content[i+1])
		}
	}
	return &out
}

// follow is the node at a path of keys and indexes, nil where there is none.
func follow(node *yaml.Node, path []any) *yaml.Node {
	for _, step := range path {
		node = resolved(node)
		switch step := step.(type) {
		case string:
			node = child(node, step)
		case int:
			if node == nil || node.Kind != yaml.SequenceNode {
				return nil
			}
			node = at(node, step)
		}
	}
	return resolved(node)
}

// put sets the value at path, making the mappings on the way.
func put(node, value *yaml.Node, path ...string) {
	for i, key := range path {
		next := child(node, key)
		if last := i == len(path)-1; next == nil || last {
			next = &yaml.Node{Kind: yaml.MappingNode}
			if last {
				next = value
			}
			assign(node, key, next)
		}
		node = next
	}
}

// set puts a string at path.
func set(node *yaml.Node, value string, path ...string) {
	put(node, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}, path...)
}

// assign sets a key of a mapping; a null in its place becomes a mapping.
func assign(node *yaml.Node, key string, value *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		*node = yaml.Node{Kind: yaml.MappingNode}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			node.Content[i+1] = value
			return
		}
	}
	node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// indexOf is the item of a list that has the name, and its index.
func indexOf(list []*yaml.Node, name string) (int, *yaml.Node) {
	for i, item := range list {
		if name != "" && scalar(item, "name") == name {
			return i, item
		}
	}
	return -1, nil
}
