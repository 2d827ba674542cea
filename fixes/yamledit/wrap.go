package yamledit

import (
	"bytes"
	"strings"
)

// inMap puts a value below a key of a mapping of its own.
func (f *File) inMap(document int, path Path, key string, rest Map) ([]Splice, func(*Node) error, error) {
	n, parent, err := f.wrapped(document, path)
	if err != nil {
		return nil, nil, err
	}
	expect := expectAt(path, func(n *Node) {
		inner := *n
		*n = *rest.node()
		n.Children = append([]*Node{String(key).node(), &inner}, n.Children...)
	})
	l := f.layoutOf(document, n)
	switch _, item := path.last().(int); {
	case parent.style == flow || f.inFlow(document, path):
		more := ""
		for _, item := range rest {
			more += ", " + item.flow(false)
		}
		return []Splice{{Start: n.start, End: n.start, New: "{" + l.scalar(String(key)) + ": "}, {Start: n.end, End: n.end, New: more + "}"}}, expect, nil
	case n.style == block && (item || n.Kind == SequenceNode || !f.lines.blankBefore(n.start)):
		return nil, nil, &ErrStyle{n.Line, "a block that begins on the line of another is not put into a mapping"}
	case n.style == block:
		first, last := f.lines.start(n.start), f.lines.end(lastOf(n).end)
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", n.indent) + l.scalar(String(key)) + ":" + l.nl)
		b.WriteString(shift(f.src[first:last], l.step))
		f.rest(&b, l, rest, n.indent)
		return []Splice{{Start: first, End: last, New: b.String()}}, expect, nil
	case item:
		end := f.lines.end(n.end)
		var b strings.Builder
		b.WriteString(l.scalar(String(key)) + ": " + f.kept(n) + string(f.src[n.end:end]))
		f.rest(&b, l, rest, n.column-1)
		return []Splice{{Start: n.start, End: end, New: b.String()}}, expect, nil
	case f.lines.line(n.start) != f.lines.line(max(n.start, n.end-1)):
		return nil, nil, &ErrStyle{n.Line, "a value of several lines is not put into a mapping"}
	}
	// The value moves below its key, with the comment behind it.
	end := f.lines.end(n.end)
	start := len(bytes.TrimRight(f.src[:n.start], " \t"))
	indent := parent.indent + l.step
	var b strings.Builder
	b.WriteString(l.nl + strings.Repeat(" ", indent) + l.scalar(String(key)) + ": " + string(f.src[n.start:end]))
	f.rest(&b, l, rest, indent)
	return []Splice{{Start: start, End: end, New: b.String()}}, expect, nil
}

// rest writes further entries of a mapping below what was written.
func (f *File) rest(b *strings.Builder, l layout, rest Map, indent int) {
	if len(rest) > 0 {
		var more strings.Builder
		l.mapping(&more, rest, indent, "")
		b.WriteString(l.nl + strings.TrimSuffix(more.String(), l.nl))
	}
}

// kept is the text of a list's item as it stands behind a key: the lines of a block
// scalar, which are not to be left of the key, go two columns further in.
func (f *File) kept(n *Node) string {
	text := f.src[n.start:n.end]
	first := bytes.IndexAny(text, "\r\n")
	if n.style != literal && n.style != folded || first < 0 {
		return string(text)
	}
	return string(text[:first]) + shift(text[first:], 2)
}

// inList makes the block mapping at a path the only item of a list.
func (f *File) inList(document int, path Path) ([]Splice, func(*Node) error, error) {
	n, parent, err := f.wrapped(document, path)
	if err != nil {
		return nil, nil, err
	}
	if n.Kind != MappingNode || n.style != block || !f.lines.blankBefore(n.start) || parent.Kind != MappingNode {
		return nil, nil, &ErrStyle{n.Line, "only a mapping in lines of its own is put into a list"}
	}
	expect := expectAt(path, func(n *Node) {
		inner := *n
		*n = Node{Kind: SequenceNode, Tag: "!!seq", Children: []*Node{&inner}}
	})
	dash := parent.indent + f.layoutOf(document, n).dash
	first, last := f.lines.start(n.start), f.lines.end(lastOf(n).end)
	text := shift(f.src[first:last], dash+2-n.indent)
	text = strings.Repeat(" ", dash) + "- " + strings.TrimLeft(text, " ")
	return []Splice{{Start: first, End: last, New: text}}, expect, nil
}

// wrapped is the node that a wrapping edit is about, and what it is in.
func (f *File) wrapped(document int, path Path) (n, parent *Node, err error) {
	if len(path) == 0 {
		return nil, nil, &ErrStyle{1, "a whole document is not put into something"}
	}
	if n, err = f.place(document, path); err != nil {
		return nil, nil, err
	}
	if n.anchor != "" || n.null() || f.head(n) != n.start {
		return nil, nil, &ErrStyle{n.Line, "a value with an anchor or a tag, or none, is not put into something"}
	}
	parent, err = f.Lookup(document, path.parent())
	return n, parent, err
}

// shift moves the lines of a text by columns; empty ones stay empty.
func shift(text []byte, by int) string {
	if by >= 0 {
		return indent(text, by)
	}
	return string(dedent(text, -by))
}
