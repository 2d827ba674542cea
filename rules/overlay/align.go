package overlay

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// align pairs the scalars of two builds of one object: by key in mappings; in
// lists by the key that tells items apart, else by equal items that stand once
// in each, else by index where both are of one length.
func align(a, b *yaml.Node, pairs map[*yaml.Node]*yaml.Node) {
	a, b = deref(a), deref(b)
	if a.Kind != b.Kind {
		return
	}
	switch a.Kind {
	case yaml.ScalarNode:
		pairs[a] = b
	case yaml.MappingNode:
		eachPair(a, func(key, value *yaml.Node) {
			if other := child(b, key.Value); other != nil {
				align(value, other, pairs)
			}
		})
	case yaml.SequenceNode:
		alignItems(a.Content, b.Content, pairs)
	}
}

func alignItems(a, b []*yaml.Node, pairs map[*yaml.Node]*yaml.Node) {
	byPrint := printed(b)
	own := printed(a)
	paired := map[*yaml.Node]bool{}
	for _, item := range a {
		p := itemPrint(item)
		if same := byPrint[p]; len(same) == 1 && len(own[p]) == 1 {
			align(item, same[0], pairs)
			paired[item], paired[same[0]] = true, true
		}
	}
	if len(a) != len(b) {
		return
	}
	for i := range a {
		if !paired[a[i]] && !paired[b[i]] {
			align(a[i], b[i], pairs)
		}
	}
}

func printed(list []*yaml.Node) map[string][]*yaml.Node {
	prints := map[string][]*yaml.Node{}
	for _, item := range list {
		prints[itemPrint(item)] = append(prints[itemPrint(item)], item)
	}
	return prints
}

// itemPrint tells an item of a list apart: by its name, else by all of it.
func itemPrint(n *yaml.Node) string {
	if name := scalar(deref(child(n, "name"))); name != "" {
		return "name=" + name
	}
	var b strings.Builder
	eachScalar(n, nil, func(f Field, n *yaml.Node) { fmt.Fprintf(&b, "%s=%s\n", f, n.Value) })
	return b.String()
}

// alike reports whether two builds of one object differ in nothing but words
// and hashes.
func alike(a, b *yaml.Node) bool {
	a, b = deref(a), deref(b)
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind == yaml.ScalarNode {
		// A word in the data of a generated object changes the hash of its name.
		return sameValue(a, b) || tokenWord.MatchString(b.Value) || hashSuffix.ReplaceAllString(a.Value, "") == hashSuffix.ReplaceAllString(b.Value, "")
	}
	for i := range a.Content {
		if !alike(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// sameValue reports whether two scalars say the same, however they are written.
func sameValue(a, b *yaml.Node) bool {
	return a.Value == b.Value || a.Tag == "!!null" && b.Tag == "!!null" || sameNumber(a.Value, b.Value) ||
		sameFloat(a, b.Value) && sameFloat(b, a.Value)
}
