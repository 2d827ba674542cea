package yamledit

import "strings"

// NewFile is the text of a new file that holds the documents, written as its
// neighbours are: their steps, dashes, quotes, line breaks and last break. A
// neighbour that does not parse says nothing; without any, mappings step by two
// columns, dashes stand below their key, quotes are double, and lines end in "\n".
func NewFile(neighbours [][]byte, documents ...Value) ([]byte, error) {
	l, bare := styleOfAll(neighbours)
	var b strings.Builder
	for i, document := range documents {
		if i > 0 {
			b.WriteString("---" + l.nl)
		}
		b.WriteString(l.document(document))
	}
	text := b.String()
	if bare {
		text = strings.TrimSuffix(text, l.nl)
	}
	f, err := Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	want := make([]*Node, len(documents))
	for i, document := range documents {
		want[i] = document.node()
	}
	if why := differ(want, f.documents); why != "" {
		return nil, &ErrVerify{1, why}
	}
	return []byte(text), nil
}

// styleOfAll is how most of some files are written, and whether most of them
// have no break at their end.
func styleOfAll(files [][]byte) (l layout, bare bool) {
	steps, dashes, breaks := map[int]int{}, map[int]int{}, map[string]int{}
	bares, singles := 0, 0 // more of them than of the other kind
	for _, src := range files {
		f, err := Parse(src)
		if err != nil || len(src) == 0 {
			continue
		}
		for _, document := range f.documents {
			count(document, steps, dashes)
			walk(document, func(n *Node) {
				switch n.style {
				case singleQuoted:
					singles++
				case doubleQuoted:
					singles--
				}
			})
		}
		breaks[f.lines.ending(0)]++
		if breakBefore(src) == 0 {
			bares++
		} else {
			bares--
		}
	}
	l = layout{step: most(steps, 2), dash: most(dashes, 0), nl: "\n", single: singles > 0}
	if breaks["\r\n"] > breaks["\n"] {
		l.nl = "\r\n"
	}
	return l, bares > 0
}

// count counts by how many columns the blocks of a document step.
func count(document *Node, steps, dashes map[int]int) {
	walk(document, func(parent *Node) {
		if parent.Kind != MappingNode || parent.style != block {
			return
		}
		for i := 1; i < len(parent.Children); i += 2 {
			child := parent.Children[i]
			switch {
			case child.style != block || child.Line == parent.Children[i-1].Line:
			case child.Kind == MappingNode:
				steps[child.indent-parent.indent]++
			case child.Kind == SequenceNode:
				dashes[child.indent-parent.indent]++
			}
		}
	})
}

// document is a value as the lines of a document.
func (l layout) document(v Value) string {
	var b strings.Builder
	switch v := v.(type) {
	case Map:
		if len(v) > 0 {
			l.mapping(&b, v, 0, "")
			return b.String()
		}
	case List:
		if len(v) > 0 {
			l.list(&b, v, 0)
			return b.String()
		}
	}
	return l.scalar(v) + l.nl
}

// addDocument writes a document below the last one.
func (f *File) addDocument(value Value) ([]Splice, error) {
	l, _ := styleOfAll([][]byte{f.src})
	l.nl = f.lines.ending(len(f.src))
	text := l.document(value)
	if len(f.documents) == 0 { // nothing, or comments only
		if breakBefore(f.src) == 0 && len(f.src) > 0 {
			text = l.nl + strings.TrimSuffix(text, l.nl)
		}
		return []Splice{{Start: len(f.src), End: len(f.src), New: text}}, nil
	}
	last := f.documents[len(f.documents)-1]
	if last != nil && last.style == flow && f.quotedKeys(last) {
		return nil, &ErrStyle{last.Line, "a file of JSON holds one document; write the other into a file of its own"}
	}
	text = "---" + l.nl + text
	if breakBefore(f.src) > 0 {
		return []Splice{{Start: len(f.src), End: len(f.src), New: text}}, nil
	}
	if last != nil {
		last = lastOf(last)
	}
	return f.atEnd(last, l.nl+strings.TrimSuffix(text, l.nl)), nil
}
