package yamledit

import (
	"bytes"
	"cmp"
	"strings"
)

// place finds the node of an edit, and refuses one that is shared.
func (f *File) place(document int, path Path) (*Node, error) {
	n, err := f.Lookup(document, path)
	if err != nil {
		return nil, err
	}
	if n.Kind == AliasNode {
		return nil, &ErrAlias{n.Value, n.Line}
	}
	return n, f.shared(document, path)
}

// expectAt calls change with the copy of the node at a path.
func expectAt(path Path, change func(n *Node)) func(*Node) error {
	return func(document *Node) error {
		n := document
		for i, step := range path {
			var err error
			if n, err = n.step(step, path[:i+1]); err != nil {
				return err
			}
		}
		change(n)
		return nil
	}
}

func (f *File) setScalar(document int, path Path, value string) (Splice, func(*Node) error, error) {
	n, err := f.place(document, path)
	if err != nil {
		return Splice{}, nil, err
	}
	if n.Kind != ScalarNode {
		return Splice{}, nil, &ErrStyle{n.Line, "the value is no scalar"}
	}
	if (n.style == literal || n.style == folded) && n.Value == value+"\n" {
		value = n.Value // its last break is its style's
	}
	if n.Value == value && (value != "" || !n.null()) {
		return Splice{Start: n.start, End: n.start}, expectAt(path, func(*Node) {}), nil
	}
	if len(path) == 0 && n.null() && n.Value == "" {
		return Splice{}, nil, &ErrStyle{n.Line, "the document is empty"}
	}
	s := Splice{Start: n.start, End: n.end}
	tag := n.Tag
	switch n.style {
	case singleQuoted:
		if strings.ContainsAny(value, "\n\r") {
			return s, nil, &ErrStyle{n.Line, "a text of several lines does not fit into its quotes"}
		}
		s.New = singleQuote(value)
	case doubleQuoted:
		s.New = doubleQuote(value)
	case plain:
		s.New = plainAs(value, tag, f.inFlow(document, path))
		if n.null() && n.Value == "" {
			s.New, tag = " "+String(value).flow(false), "!!str"
		}
	default:
		if s, err = f.oneLiner(n, value); err != nil {
			return s, nil, err
		}
		if strings.HasSuffix(n.Value, "\n") {
			value += "\n"
		}
	}
	return s, expectAt(path, func(n *Node) { n.Value, n.Tag = value, tag }), nil
}

// plainAs is a value as plain text where it reads as the type of the old one,
// else in quotes.
func plainAs(value, tag string, inFlow bool) string {
	if documents, err := parse([]byte("k: " + value)); value != "" && tag != "!!str" && err == nil && len(documents) == 1 {
		if n := documents[0].Get("k"); n != nil && n.Tag == tag && n.Value == value {
			return value
		}
	}
	if inFlow {
		return String(value).flow(false)
	}
	return scalar(String(value))
}

// inFlow reports whether a path leads through brackets.
func (f *File) inFlow(document int, path Path) bool {
	for i := range path {
		if n, err := f.Lookup(document, path[:i]); err == nil && n.style == flow {
			return true
		}
	}
	return false
}

// oneLiner replaces the text of a block scalar of one line.
func (f *File) oneLiner(n *Node, value string) (Splice, error) {
	text := f.src[n.start:n.end]
	first := bytes.IndexAny(text, "\r\n")
	line := bytes.TrimLeft(text[max(first, 0):], "\r\n ")
	if first < 0 || bytes.ContainsAny(line, "\r\n") || strings.ContainsAny(value, "\r\n") || value == "" || value[0] == ' ' {
		return Splice{}, &ErrStyle{n.Line, "a text of several lines is not edited as a whole"}
	}
	return Splice{Start: n.end - len(line), End: n.end, New: value}, nil
}

// layoutOf is how the file writes blocks around a node.
func (f *File) layoutOf(document int, n *Node) layout {
	l := layout{nl: f.lines.ending(n.end)}
	steps, dashes := map[int]int{}, map[int]int{}
	walk(f.documents[document], func(parent *Node) {
		if parent.Kind != MappingNode || parent.style != block {
			return
		}
		for i := 1; i < len(parent.Children); i += 2 {
			child := parent.Children[i]
			// What holds the node, or is in it, says more than the rest of the file.
			weight := 1
			if within(parent, n) || within(n, parent) {
				weight = 1000
			}
			if child.style == block && child.Kind == MappingNode && child.Line > parent.Children[i-1].Line {
				steps[child.indent-parent.indent] += weight
			}
			if child.style == block && child.Kind == SequenceNode {
				dashes[child.indent-parent.indent] += weight
			}
		}
	})
	l.step, l.dash = most(steps, 2), most(dashes, 0)
	return l
}

func within(outer, inner *Node) bool { return outer.start <= inner.start && inner.end <= outer.end }

// most is the key that counts most, the smallest of several; otherwise the default.
func most(counts map[int]int, otherwise int) int {
	best, count := otherwise, 0
	for key, n := range counts {
		if n > count || n == count && key < best {
			best, count = key, n
		}
	}
	return best
}

func (f *File) addKey(document int, path Path, key string, value Value) ([]Splice, func(*Node) error, error) {
	n, err := f.place(document, path)
	if err != nil {
		return nil, nil, err
	}
	expect := expectAt(path, func(n *Node) {
		if n.null() {
			*n = Node{Kind: MappingNode, Tag: "!!map"}
		}
		n.Children = append(n.Children, String(key).node(), value.node())
	})
	if i := n.index(key); i >= 0 {
		return nil, nil, &ErrStyle{n.Children[i].Line, "the key " + key + " is there already"}
	}
	if err := cmp.Or(n.merged(key), n.unclear()); err != nil {
		return nil, nil, err
	}
	item := Item{key, value}
	switch {
	case n.null() || n.Kind == MappingNode && len(n.Children) == 0 && !f.inFlow(document, path):
		s, err := f.fill(document, path, n, Map{item})
		return one(s, expect, err)
	case n.Kind != MappingNode:
		return nil, nil, &ErrStyle{n.Line, "the value is no mapping"}
	case n.style == flow:
		return one(f.inBrackets(n, item.flow(f.quotedKeys(n))), expect, nil)
	}
	l := f.layoutOf(document, n)
	var b strings.Builder
	indent := n.indent
	b.WriteString(strings.Repeat(" ", indent))
	l.entry(&b, item, indent)
	return f.below(n, b.String(), l.nl), expect, nil
}

func (i Item) flow(quoted bool) string { return Map{i}.flow(quoted)[1 : len(Map{i}.flow(quoted))-1] }

func (f *File) appendItem(document int, path Path, value Value) ([]Splice, func(*Node) error, error) {
	n, err := f.Lookup(document, path)
	if _, missing := err.(*ErrNoPlace); missing && len(path) > 0 {
		if key, ok := path.last().(string); ok {
			return f.addKey(document, path.parent(), key, List{value})
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := f.place(document, path); err != nil {
		return nil, nil, err
	}
	expect := expectAt(path, func(n *Node) {
		if n.null() {
			*n = Node{Kind: SequenceNode, Tag: "!!seq"}
		}
		n.Children = append(n.Children, value.node())
	})
	switch {
	case n.null() || n.Kind == SequenceNode && len(n.Children) == 0 && !f.inFlow(document, path):
		s, err := f.fill(document, path, n, List{value})
		return one(s, expect, err)
	case n.Kind != SequenceNode:
		return nil, nil, &ErrStyle{n.Line, "the value is no list"}
	case n.style == flow:
		return one(f.inBrackets(n, value.flow(f.quotedKeys(n))), expect, nil)
	}
	l := f.layoutOf(document, n)
	var b strings.Builder
	l.item(&b, value, n.indent)
	return f.below(n, b.String(), l.nl), expect, nil
}

// below puts lines after the last line of a block, before the comments and
// blank lines that follow it.
func (f *File) below(n *Node, text, nl string) []Splice {
	last := lastOf(n)
	at := f.lines.end(last.end)
	if at < len(f.src) {
		at = f.lines.next(at)
		return []Splice{{Start: at, End: at, New: text}}
	}
	// No break at the end of the file, and none after it.
	return f.atEnd(last, nl+strings.TrimSuffix(text, nl))
}

// lastOf is the last scalar or bracket of a block.
func lastOf(n *Node) *Node {
	for len(n.Children) > 0 && n.style == block {
		n = n.Children[len(n.Children)-1]
	}
	return n
}

// atEnd puts a text behind the last byte of a file that ends without a break.
// A block scalar that ends there has none in its value; the text would
// give it one, but for a - in its header.
func (f *File) atEnd(last *Node, text string) []Splice {
	end := Splice{Start: len(f.src), End: len(f.src), New: text}
	if last == nil || last.style != literal && last.style != folded || last.end < len(f.src) || strings.HasSuffix(last.Value, "\n") {
		return []Splice{end}
	}
	at := last.start + 1
	for at < len(f.src) && f.src[at] >= '1' && f.src[at] <= '9' {
		at++
	}
	strip := Splice{Start: at, End: at, New: "-"}
	switch {
	case at == len(f.src), f.src[at] == '-': // a header that nothing follows, or one that needs none
		return []Splice{end}
	case f.src[at] == '+':
		strip.End++
	}
	return []Splice{strip, end}
}

// fill writes the first entries of an empty mapping or list: as a block below
// its key, in brackets where everything else is.
func (f *File) fill(document int, path Path, n *Node, value Value) (Splice, error) {
	if len(path) == 0 {
		return Splice{}, &ErrStyle{n.Line, "the document is empty"}
	}
	if n.style == flow && bytes.ContainsRune(f.src[n.start:n.end], '#') {
		return Splice{}, &ErrStyle{n.Line, "a comment between the brackets would be lost; take it out of them"}
	}
	parent, err := f.Lookup(document, path.parent())
	if err != nil {
		return Splice{}, err
	}
	_, ok := path.last().(string)
	if parent.style == flow || f.inFlow(document, path) || !ok {
		space := ""
		if n.start == n.end {
			space = " "
		}
		return Splice{Start: n.start, End: n.end, New: space + value.flow(f.quotedKeys(parent))}, nil
	}
	l := f.layoutOf(document, n)
	text := l.block(value, parent.indent)
	if n.start == n.end && f.lines.end(n.start) != n.start {
		// A comment follows: the block goes below it.
		end := f.lines.end(n.start)
		return Splice{Start: end, End: end, New: l.nl + strings.TrimSuffix(text, l.nl)}, nil
	}
	start := n.start
	for start > 0 && (f.src[start-1] == ' ' || f.src[start-1] == '\t') {
		start--
	}
	if rest := f.lines.end(n.end); len(bytes.TrimSpace(f.src[n.end:rest])) > 0 {
		// The comment behind {} stays behind the key.
		return Splice{Start: start, End: rest, New: string(f.src[n.end:rest]) + l.nl + strings.TrimSuffix(text, l.nl)}, nil
	}
	return Splice{Start: start, End: n.end, New: l.nl + strings.TrimSuffix(text, l.nl)}, nil
}

// inBrackets adds a text as the last entry between brackets: on a line of its
// own where the entries have theirs.
func (f *File) inBrackets(n *Node, text string) Splice {
	if len(n.Children) == 0 {
		return Splice{Start: n.start + 1, End: n.end - 1, New: text}
	}
	last, first := n.Children[len(n.Children)-1], n.Children[0]
	if f.lines.line(n.start) == f.lines.line(n.end-1) || !f.lines.blankBefore(first.start) {
		return Splice{Start: last.end, End: last.end, New: ", " + text}
	}
	line := f.lines.ending(n.start) + string(f.src[f.lines.start(first.start):first.start]) + text
	end := f.lines.end(last.end)
	rest := string(f.src[last.end:end])
	switch {
	case end >= n.end: // the closing bracket stands there too
		return Splice{Start: last.end, End: last.end, New: "," + line}
	case strings.HasPrefix(strings.TrimLeft(rest, " \t"), ","):
		return Splice{Start: end, End: end, New: line + ","}
	}
	// The comma goes before a comment, and the comment stays with its entry.
	return Splice{Start: last.end, End: end, New: "," + rest + line}
}

// quotedKeys reports whether the keys around a node are quoted, as in JSON.
func (f *File) quotedKeys(n *Node) bool {
	quoted := false
	walk(n, func(m *Node) {
		if m.Kind == MappingNode && len(m.Children) > 0 {
			quoted = m.Children[0].style == doubleQuoted
		} else if m.Kind == ScalarNode && n.Kind == SequenceNode && m == n.Children[0] {
			quoted = m.style == doubleQuoted
		}
	})
	return quoted
}
