package yamledit

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

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

// parse reads the documents of a text; a document with nothing in it is nil.
// It is the only place that knows the parser.
func parse(src []byte) ([]*Node, error) {
	var out []*Node
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, &ErrSyntax{err}
		}
		if len(document.Content) == 0 {
			out = append(out, nil)
			continue
		}
		seen := map[*yaml.Node]*Node{}
		out = append(out, convert(document.Content[0], seen))
	}
}

func convert(y *yaml.Node, seen map[*yaml.Node]*Node) *Node {
	n := &Node{Value: y.Value, Tag: y.ShortTag(), Line: y.Line, column: y.Column, anchor: y.Anchor, style: styleOf(y)}
	seen[y] = n
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = MappingNode
	case yaml.SequenceNode:
		n.Kind = SequenceNode
	case yaml.AliasNode:
		n.Kind = AliasNode
		n.target = seen[y.Alias] // an anchor stands before its aliases
		n.Tag = ""
	}
	for _, child := range y.Content {
		n.Children = append(n.Children, convert(child, seen))
	}
	return n
}

func styleOf(y *yaml.Node) style {
	switch {
	case y.Kind == yaml.MappingNode || y.Kind == yaml.SequenceNode:
		if y.Style&yaml.FlowStyle != 0 {
			return flow
		}
		return block
	case y.Style&yaml.SingleQuotedStyle != 0:
		return singleQuoted
	case y.Style&yaml.DoubleQuotedStyle != 0:
		return doubleQuoted
	case y.Style&yaml.LiteralStyle != 0:
		return literal
	case y.Style&yaml.FoldedStyle != 0:
		return folded
	}
	return plain
}

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
