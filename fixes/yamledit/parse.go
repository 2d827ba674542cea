package yamledit

import (
	"errors"
	"io"
)

// parse reads the documents of a text; a document with nothing in it is nil.
// This file and that of the parser are the only places that know it.
func parse(src []byte) ([]*Node, error) {
	var out []*Node
	next := decoder(src)
	for {
		var document parsed
		err := next.Decode(&document)
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
		root := convert(document.Content[0], map[*parsed]*Node{}, 0)
		if root == nil {
			return nil, &ErrLimit{"levels", MaxLevels}
		}
		out = append(out, root)
	}
}

// convert is nil where there are more levels than [MaxLevels].
func convert(y *parsed, seen map[*parsed]*Node, level int) *Node {
	if level > MaxLevels {
		return nil
	}
	n := &Node{Value: y.Value, Tag: y.ShortTag(), Line: y.Line, column: y.Column, anchor: y.Anchor, style: styleOf(y)}
	seen[y] = n
	switch y.Kind {
	case mappingNode:
		n.Kind = MappingNode
	case sequenceNode:
		n.Kind = SequenceNode
	case aliasNode:
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

func styleOf(y *parsed) style {
	switch {
	case y.Kind == mappingNode || y.Kind == sequenceNode:
		if y.Style&flowStyle != 0 {
			return flow
		}
		return block
	case y.Style&singleQuotedStyle != 0:
		return singleQuoted
	case y.Style&doubleQuotedStyle != 0:
		return doubleQuoted
	case y.Style&literalStyle != 0:
		return literal
	case y.Style&foldedStyle != 0:
		return folded
	}
	return plain
}
