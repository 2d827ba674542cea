package yamledit

import (
	"bytes"
	"slices"
	"strings"
)

// listOf finds the list of the item at a path, and the item's index.
func (f *File) listOf(document int, item Path) (list *Node, index int, err error) {
	if len(item) == 0 {
		return nil, 0, &ErrNoPlace{item}
	}
	index, ok := item.last().(int)
	if !ok {
		return nil, 0, &ErrNoPlace{item}
	}
	list, err = f.place(document, item.parent())
	if err == nil && (list.Kind != SequenceNode || index < 0 || index >= len(list.Children)) {
		err = &ErrNoPlace{item}
	}
	return list, index, err
}

func (f *File) insertItem(document int, item Path, side Side, value Value) ([]Splice, func(*Node) error, error) {
	list, at, err := f.listOf(document, item)
	if err != nil {
		return nil, nil, err
	}
	if side == After {
		at++
	}
	expect := expectAt(item.parent(), func(n *Node) { n.Children = slices.Insert(n.Children, at, value.node()) })
	switch {
	case at == len(list.Children):
		return f.appendItem(document, item.parent(), value)
	case list.style == flow:
		return one(f.inFrontOf(list, at, value.flow(f.quotedKeys(list))), expect, nil)
	}
	l := f.layoutOf(document, list)
	var b strings.Builder
	l.item(&b, value, list.indent)
	if at > 0 { // in front of the comments of the item that follows
		return f.below(list.Children[at-1], b.String(), l.nl), expect, nil
	}
	start := f.lead(list, 0, len(item) > 1)
	if !f.lines.blankBefore(list.start) { // behind the dash of a list around it
		text := strings.TrimLeft(b.String(), " ") + strings.Repeat(" ", list.indent)
		return one(Splice{Start: list.start, End: list.start, New: text}, expect, nil)
	}
	return one(Splice{Start: start, End: start, New: b.String()}, expect, nil)
}

// inFrontOf adds a text in front of an entry between brackets.
func (f *File) inFrontOf(list *Node, at int, text string) Splice {
	start := list.Children[at].start
	if !f.lines.blankBefore(start) {
		return Splice{Start: start, End: start, New: text + ", "}
	}
	line := f.lines.start(start)
	return Splice{Start: line, End: line, New: string(f.src[line:start]) + text + "," + f.lines.ending(start)}
}

// lead is where the lines of a block list's item start, with the comments right
// above it in its column. Those above the first item of a document belong to
// the document, unless the list has a key.
func (f *File) lead(list *Node, index int, keyed bool) int {
	start := f.lines.start(f.itemStart(list, index))
	if index == 0 && !keyed {
		return start
	}
	comment := append(bytes.Repeat([]byte(" "), list.indent), '#')
	for start > 0 {
		above := f.lines.start(start - 1)
		if above == start || !bytes.HasPrefix(f.src[above:start], comment) {
			break
		}
		start = above
	}
	return start
}

// itemStart is the dash of a block list's item.
func (f *File) itemStart(list *Node, index int) int {
	if index == 0 {
		return list.start
	}
	return (&spans{lines: f.lines}).skip(list.Children[index-1].end)
}
