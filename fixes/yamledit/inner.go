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
	parent, err := f.Lookup(document, path.parent())
	if err != nil {
		return Splice{}, nil, err
	}
	b, ok := (&spans{lines: f.lines}).content(n.start, parent.indent)
	if !ok || b.indent == 0 {
		return Splice{}, nil, &ErrNotPlaced{n.Line}
	}
	outer := f.src[b.start:n.end]
	inner, err := Parse(dedent(outer, b.indent))
	if err != nil {
		return Splice{}, nil, err
	}
	result, err := inner.Apply(edits...)
	if err != nil {
		return Splice{}, nil, err
	}
	text := indent(result.Bytes, b.indent)
	value := strings.ReplaceAll(string(result.Bytes), "\r\n", "\n")
	if strings.HasSuffix(n.Value, "\n") {
		value += "\n"
	}
	s := trim(Splice{Start: b.start, End: n.end, New: text}, outer)
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
