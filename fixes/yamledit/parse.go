package yamledit

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

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
		root := convert(document.Content[0], map[*yaml.Node]*Node{}, 0)
		if root == nil {
			return nil, &ErrLimit{"levels", MaxLevels}
		}
		out = append(out, root)
	}
}

// convert is nil where there are more levels than [MaxLevels].
func convert(y *yaml.Node, seen map[*yaml.Node]*Node, level int) *Node {
	if level > MaxLevels {
		return nil
	}
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
		c := convert(child, seen, level+1)
		if c == nil {
			return nil
		}
		n.Children = append(n.Children, c)
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
