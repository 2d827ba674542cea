package yamledit

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// spans gives every node of a document its bytes. The parser tells where a
// node starts; where it ends is read off the text.
type spans struct {
	*lines
	// Where the last node started: nodes come in document order, and a text on
	// one line would be read from its start for each of them.
	at position
}

func (s *spans) place(n *Node, indent int) error {
	at, ok := s.from(s.at, n.Line, n.column)
	if n.null() && n.Value == "" && n.Line == len(s.starts)+1 {
		// Behind --- at the end of a text without a last break the parser counts a
		// line that is not there.
		n.Line = len(s.starts)
		at, ok = position{n.Line, 1, len(s.src)}, true
		n.column = 1 + utf8.RuneCount(s.src[s.start(at.offset):])
	}
	if !ok {
		return &ErrNotPlaced{n.Line}
	}
	s.at = at
	n.start = s.body(at.offset, n)
	n.indent = n.column - 1
	if n.style == block && n.start > at.offset { // a block begins below its anchor
		n.indent = n.start - s.start(n.start)
	}
	last := n.start
	for _, child := range n.Children {
		if err := s.place(child, n.indent); err != nil {
			return err
		}
		if child.start < last {
			return &ErrNotPlaced{child.Line}
		}
		last = child.end
	}
	end, ok := s.endOf(n, indent)
	if !ok || end < n.start || end > len(s.src) {
		return &ErrNotPlaced{n.Line}
	}
	n.end = end
	n.EndLine = s.line(max(n.start, end-1))
	if n.start == end {
		n.EndLine = n.Line
	}
	return nil
}

// body skips the anchor and the tag in front of a node.
func (s *spans) body(at int, n *Node) int {
	if n.Kind == AliasNode {
		return at
	}
	if n.style == block {
		return s.blockBody(at)
	}
	for at < len(s.src) && (s.src[at] == '&' && n.anchor != "" || s.src[at] == '!') {
		if s.src[at] == '&' {
			at += 1 + len(n.anchor) // a comma or a bracket may follow at once
		} else {
			for at < len(s.src) && s.src[at] != ' ' && s.src[at] != '\t' && breakAt(s.src[at:]) == 0 {
				at++
			}
		}
		next := s.skip(at)
		if n.null() || next >= len(s.src) {
			return at
		}
		at = next
	}
	return at
}

// blockBody skips an anchor and a tag that have their line for themselves: with
// a key behind them they are the key's.
func (s *spans) blockBody(start int) int {
	at := start
	for at < len(s.src) && (s.src[at] == '&' || s.src[at] == '!') {
		name := s.src[at] == '&'
		for at < len(s.src) && s.src[at] != ' ' && s.src[at] != '\t' && breakAt(s.src[at:]) == 0 {
			if s.src[at] == ':' && name {
				return start // the name ends here, and a key without a text
			}
			at++
		}
		for at < len(s.src) && (s.src[at] == ' ' || s.src[at] == '\t') {
			at++
		}
	}
	if at < len(s.src) && s.src[at] != '#' && breakAt(s.src[at:]) == 0 {
		return start
	}
	return s.skip(at)
}

// skip is the first byte from at on that is no blank, break or comment.
func (s *spans) skip(at int) int {
	for at < len(s.src) {
		switch c := s.src[at]; {
		case c == ' ' || c == '\t':
			at++
		case breakAt(s.src[at:]) > 0:
			at += breakAt(s.src[at:])
		case c == '#' && (at == 0 || bytes.IndexByte([]byte(" \t\r\n"), s.src[at-1]) >= 0):
			at = s.lines.end(at)
		default:
			return at
		}
	}
	return at
}

// endOf is where a node ends; indent is the column of its parent, from 0.
func (s *spans) endOf(n *Node, indent int) (int, bool) {
	switch {
	case n.Kind == AliasNode:
		end := n.start + 1 + len(n.Value)
		return end, end <= len(s.src) && string(s.src[n.start:end]) == "*"+n.Value
	case n.style == flow:
		at := n.start + 1
		if len(n.Children) > 0 {
			at = n.Children[len(n.Children)-1].end
		}
		for at = s.skip(at); at < len(s.src) && s.src[at] == ','; at = s.skip(at + 1) {
		}
		closing := byte('}')
		if n.Kind == SequenceNode {
			closing = ']'
		}
		return at + 1, at < len(s.src) && s.src[at] == closing
	case n.style == block:
		if len(n.Children) == 0 {
			return n.start, true
		}
		return n.Children[len(n.Children)-1].end, true
	case n.style == singleQuoted:
		return s.singleQuoted(n.start)
	case n.style == doubleQuoted:
		return s.doubleQuoted(n.start)
	case n.style == literal || n.style == folded:
		return s.blockScalar(n.start, indent)
	}
	return s.plain(n)
}

func (s *spans) singleQuoted(at int) (int, bool) {
	if at >= len(s.src) || s.src[at] != '\'' {
		return at, false
	}
	for at++; at < len(s.src); at++ {
		if s.src[at] != '\'' {
			continue
		}
		if at+1 < len(s.src) && s.src[at+1] == '\'' {
			at++
			continue
		}
		return at + 1, true
	}
	return at, false
}

func (s *spans) doubleQuoted(at int) (int, bool) {
	if at >= len(s.src) || s.src[at] != '"' {
		return at, false
	}
	for at++; at < len(s.src); at++ {
		switch s.src[at] {
		case '\\':
			at++
		case '"':
			return at + 1, true
		}
	}
	return at, false
}

// plain walks the text and the value together: one break reads as a space, n+1
// breaks as n newlines.
func (s *spans) plain(n *Node) (int, bool) {
	at, value := n.start, n.Value
	if n.null() && value == "" {
		return at, true
	}
	for value != "" {
		if at >= len(s.src) {
			return at, false
		}
		r, size := utf8.DecodeRuneInString(value)
		if bytes.HasPrefix(s.src[at:], []byte(value[:size])) && breakAt(s.src[at:]) == 0 {
			if r != ' ' || !s.folds(at) {
				at, value = at+size, value[size:]
				continue
			}
		}
		next, breaks := s.fold(at)
		if breaks == 0 {
			return at, false
		}
		want := " "
		if breaks > 1 {
			want = string(bytes.Repeat([]byte("\n"), breaks-1))
		}
		if len(value) < len(want) || value[:len(want)] != want {
			return at, false
		}
		at, value = next, value[len(want):]
	}
	return at, true
}

// folds reports whether only blanks stand between at and the end of its line.
func (s *spans) folds(at int) bool {
	for at < len(s.src) && (s.src[at] == ' ' || s.src[at] == '\t') {
		at++
	}
	return at == len(s.src) || breakAt(s.src[at:]) > 0
}

// fold skips blanks and breaks, and counts the breaks.
func (s *spans) fold(at int) (next, breaks int) {
	for at < len(s.src) {
		if n := breakAt(s.src[at:]); n > 0 {
			breaks++
			at += n
		} else if s.src[at] == ' ' || s.src[at] == '\t' {
			at++
		} else {
			break
		}
	}
	return at, breaks
}

// A blockText is the content of a block scalar.
type blockText struct {
	start, end int // bytes of the content's lines; end is after the last line's break
	indent     int
	keep       bool // trailing blank lines belong to the value
}

// content reads the header of a block scalar that starts at a byte.
func (s *spans) content(at, parent int) (blockText, bool) {
	var b blockText
	if at >= len(s.src) || s.src[at] != '|' && s.src[at] != '>' {
		return b, false
	}
	explicit := 0
	for at++; at < len(s.src); at++ {
		switch c := s.src[at]; {
		case c == '+':
			b.keep = true
			continue
		case c == '-':
			continue
		case c >= '1' && c <= '9':
			explicit, _ = strconv.Atoi(string(c))
			continue
		}
		break
	}
	b.start = s.lines.next(at)
	if explicit > 0 {
		b.indent = max(parent, 0) + explicit
	}
	b.end = b.start
	for line := b.start; line < len(s.src); line = s.lines.next(line) {
		text := s.src[line:s.lines.end(line)]
		spaces := len(text) - len(bytes.TrimLeft(text, " "))
		if spaces == len(text) && (b.indent == 0 || spaces <= b.indent) {
			if b.keep {
				b.end = s.lines.next(line)
			}
			continue // blank: part of the value if text follows
		}
		if b.indent == 0 {
			if spaces <= parent || isMarker(text) {
				break
			}
			b.indent = spaces
		}
		if spaces < b.indent {
			break
		}
		b.end = s.lines.next(line)
	}
	return b, true
}

// isMarker reports whether a line begins or ends a document.
func isMarker(line []byte) bool {
	rest, begins := bytes.CutPrefix(line, []byte("---"))
	if !begins {
		rest, begins = bytes.CutPrefix(line, []byte("..."))
	}
	return begins && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

// blockScalar is the end of a block scalar, before the break of its last line.
func (s *spans) blockScalar(at, parent int) (int, bool) {
	b, ok := s.content(at, parent)
	if !ok {
		return at, false
	}
	if b.end == b.start { // nothing but a header
		return s.lines.end(at), true
	}
	return b.end - breakBefore(s.src[b.start:b.end]), true
}
