package yamledit

import (
	"bytes"
	"strings"
)

// inBlockScalar edits the text of a literal scalar as a file of its own.
func (f *File) inBlockScalar(document int, path Path, edits []Edit) ([]Splice, func(*Node) error, error) {
	n, err := f.place(document, path)
	if err != nil {
		return nil, nil, err
	}
	if n.style != literal {
		return nil, nil, &ErrStyle{n.Line, "only text behind | is edited inside; write the value so"}
	}
	around := -1 // a document's root stands in nothing
	if len(path) > 0 {
		parent, err := f.Lookup(document, path.parent())
		if err != nil {
			return nil, nil, err
		}
		around = parent.indent
	}
	b, ok := (&spans{lines: f.lines}).content(n.start, around)
	if !ok || b.indent == 0 {
		return nil, nil, &ErrNotPlaced{n.Line}
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
		return nil, nil, err
	}
	result, err := inner.Apply(edits...)
	if err != nil {
		return nil, nil, err
	}
	value := strings.ReplaceAll(string(result.Bytes), "\r\n", "\n")
	splices := outside(outer, text, result.Splices, b.indent)
	for i := range splices {
		splices[i].Start, splices[i].End = splices[i].Start+b.start, splices[i].End+b.start
	}
	return splices, expectAt(path, func(n *Node) { n.Value = value }), nil
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

// outside are splices of inner, which is outer without its indent, as those of
// outer. Lines that none of them touches keep their bytes, blanks on empty ones too.
func outside(outer, inner []byte, splices []Splice, by int) []Splice {
	lines, from := bytes.SplitAfter(outer, []byte("\n")), bytes.SplitAfter(inner, []byte("\n"))
	var out []Splice
	line, at, start := 0, 0, 0 // a line, and where it begins in inner and in outer
	for len(splices) > 0 {
		for ; line < len(from)-1 && at+len(from[line]) <= splices[0].Start; line++ {
			at, start = at+len(from[line]), start+len(lines[line])
		}
		first, end, edited := line, at, []byte(nil)
		for ; len(splices) > 0 && (line == first || line == len(from) || splices[0].Start < end); splices = splices[1:] {
			edited = append(edited, inner[at:splices[0].Start]...)
			edited = append(edited, splices[0].New...)
			at = splices[0].End
			for ; line < len(from) && (line == first || end <= at); line++ {
				end += len(from[line])
			}
		}
		edited = append(edited, inner[at:end]...)
		old := bytes.Join(lines[first:line], nil)
		out = append(out, trim(Splice{start, start + len(old), reindent(lines[first:line], from[first:line], edited, by)}, old))
		at, start = end, start+len(old)
	}
	return out
}

// reindent is the lines with what differs between old, which are they without
// their indent, and edited.
func reindent(lines, old [][]byte, edited []byte, by int) string {
	to := bytes.SplitAfter(edited, []byte("\n"))
	head, tail := 0, 0
	for head < min(len(old), len(to)) && bytes.Equal(old[head], to[head]) {
		head++
	}
	for tail < min(len(old), len(to))-head && bytes.Equal(old[len(old)-1-tail], to[len(to)-1-tail]) {
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
