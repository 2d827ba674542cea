package yamledit

import "fmt"

// copyAll copies documents; aliases point into the copy.
func copyAll(documents []*Node) []*Node {
	copies := map[*Node]*Node{}
	out := make([]*Node, len(documents))
	for i, document := range documents {
		out[i] = copyOf(document, copies)
	}
	for _, c := range copies {
		if c.target != nil {
			c.target = copies[c.target]
		}
	}
	return out
}

func copyOf(n *Node, copies map[*Node]*Node) *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Children = make([]*Node, len(n.Children))
	for i, child := range n.Children {
		c.Children[i] = copyOf(child, copies)
	}
	copies[n] = &c
	return &c
}

// differ says how two files read differently, "" where they do not: number of
// documents, kinds, types, values, order, anchors and what aliases stand for.
func differ(want, got []*Node) string {
	if len(want) != len(got) {
		return fmt.Sprintf("it would have %d documents, not %d", len(got), len(want))
	}
	pairs := map[*Node]*Node{}
	for i := range want {
		if why := differNode(want[i], got[i], pairs); why != "" {
			return why
		}
	}
	return ""
}

func differNode(want, got *Node, pairs map[*Node]*Node) string {
	if want == nil || got == nil {
		if want == got {
			return ""
		}
		return "a document would be empty"
	}
	pairs[want] = got
	switch {
	case want.Kind != got.Kind || want.Tag != got.Tag || want.Value != got.Value || want.anchor != got.anchor:
		// Without the values: they may be secrets, and errors are published.
		return fmt.Sprintf("a %s would become another %s", want.Tag, got.Tag)
	case len(want.Children) != len(got.Children):
		return fmt.Sprintf("a %s would have %d parts, not %d", want.Tag, len(got.Children), len(want.Children))
	case want.target != nil && pairs[want.target] != got.target:
		return fmt.Sprintf("*%s would stand for another value", want.Value)
	}
	for i := range want.Children {
		if why := differNode(want.Children[i], got.Children[i], pairs); why != "" {
			return why
		}
	}
	return ""
}
