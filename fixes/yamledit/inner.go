package yamledit

import (
	"bytes"
	"strings"
)

// inBlockScalar edits the text of a literal scalar as a file of its own.
func (f *File) inBlockScalar(document int, path Path, edits []Edit) (Splice, func(*Node) error, error) {
	n, err := f.place(document, path)
	if err != nil {
		return Splice{}, nil, err
	}
	if n.style != literal {
		return Splice{}, nil, &ErrStyle{n.Line, "only text behind | is edited inside; write the value so"}
	}
	around := -1 // a document's root stands in nothing
	if len(path) > 0 {
		parent, err := f.Lookup(document, path.parent())
		if err != nil {
			return Splice{}, nil, err
		}
		around = parent.indent
	}
	b, ok := (&spans{lines: f.lines}).content(n.start, around)
	if !ok || b.indent == 0 {
		return Splice{}, nil, &ErrNotPlaced{n.Line}
	}
	// The break of the last line is part of the text where it is part of the value.
	end := n.end
	if strings.HasSuffix(n.Value, "\n") {
		end += breakAt(f.src[end:])
	}
	outer := f.src[b.start:end]
	text := dedent(outer, b.indent)
	inner, err := parseAs(text, f.lines.ending(n.start))
	if err != nil {
		return Splice{}, nil, err
	}
	result, err := inner.Apply(edits...)
	if err != nil {
		return Splice{}, nil, err
	}
	value := strings.ReplaceAll(string(result.Bytes), "\r\n", "\n")
	s := trim(Splice{Start: b.start, End: end, New: reindent(outer, text, result.Bytes, b.indent)}, outer)
	return s, expectAt(path, func(n *Node) { n.Value = value }), nil
}

// dedent takes the indent from every line.
func dedent(text []byte, indent int) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		blanks := len(line) - len(bytes.TrimLeft(line, " "))
		out = append(out, line[min(indent, blanks):]...)
	}
	return out
}

// reindent is outer with what differs between old, which is outer without its
// indent, and edited. The other lines keep their bytes, blanks on empty ones too.
func reindent(outer, old, edited []byte, by int) string {
	lines := bytes.SplitAfter(outer, []byte("\n"))
	from, to := bytes.SplitAfter(old, []byte("\n")), bytes.SplitAfter(edited, []byte("\n"))
	head, tail := 0, 0
	for head < min(len(from), len(to)) && bytes.Equal(from[head], to[head]) {
		head++
	}
	for tail < min(len(from), len(to))-head && bytes.Equal(from[len(from)-1-tail], to[len(to)-1-tail]) {
		tail++
	}
	return string(bytes.Join(lines[:head], nil)) + indent(bytes.Join(to[head:len(to)-tail], nil), by) + string(bytes.Join(lines[len(lines)-tail:], nil))
}

// indent gives the indent to every line that is not empty.
func indent(text []byte, indent int) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.Write(line)
	}
	return b.String()
}

// trim leaves what is alike at both ends out of a splice of old.
func trim(s Splice, old []byte) Splice {
	for len(old) > 0 && len(s.New) > 0 && old[0] == s.New[0] {
		old, s.New, s.Start = old[1:], s.New[1:], s.Start+1
	}
	for len(old) > 0 && len(s.New) > 0 && old[len(old)-1] == s.New[len(s.New)-1] {
		old, s.New, s.End = old[:len(old)-1], s.New[:len(s.New)-1], s.End-1
	}
	return s
}
