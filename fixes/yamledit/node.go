package yamledit

// A Kind says what a [Node] is.
type Kind int

const (
	ScalarNode Kind = iota
	MappingNode
	SequenceNode
	AliasNode
)

// A style is how a node is written.
type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literal
	folded
	flow
	block
)

// A Node is a value of a document.
type Node struct {
	Kind  Kind
	Value string // of a scalar
	Tag   string // short, as resolved: "!!str", "!!null", …
	// Line is where the node starts, EndLine its last line; from 1.
	Line, EndLine int
	// Children are a list's items, or a mapping's keys and values in turn.
	Children []*Node

	style      style
	column     int // of its anchor or tag, where it has one; from 1
	indent     int // columns in front of it, without anchor and tag
	anchor     string
	target     *Node // of an alias
	start, end int   // bytes, without anchor and tag
}

// Get is the value of a mapping's key, nil where there is none.
func (n *Node) Get(key string) *Node {
	if i := n.index(key); i >= 0 {
		return n.Children[i+1]
	}
	return nil
}

// index is where a key stands among a mapping's children, -1 where it does not.
func (n *Node) index(key string) int {
	if n == nil || n.Kind != MappingNode {
		return -1
	}
	for i := 0; i < len(n.Children); i += 2 {
		if n.Children[i].Kind == ScalarNode && n.Children[i].Value == key {
			return i
		}
	}
	return -1
}

func (n *Node) null() bool { return n.Kind == ScalarNode && n.Tag == "!!null" }

// walk calls do for a node and all below it, parents first.
func walk(n *Node, do func(*Node)) {
	if n == nil {
		return
	}
	do(n)
	for _, child := range n.Children {
		walk(child, do)
	}
}
