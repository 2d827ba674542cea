package yamledit

import (
	"bytes"
	"slices"
)

func (f *File) moveItem(document int, item Path, side Side, other int) ([]Splice, func(*Node) error, error) {
	list, from, err := f.listOf(document, item)
	if err != nil {
		return nil, nil, err
	}
	if other < 0 || other >= len(list.Children) {
		return nil, nil, &ErrNoPlace{item.parent().with(other)}
	}
	to := other // the index in front of which it goes, before the move
	if side == After {
		to++
	}
	expect := expectAt(item.parent(), func(n *Node) { n.Children = moved(n.Children, from, to) })
	switch {
	case to == from || to == from+1: // it is there
		return nil, expect, nil
	case list.style == flow:
		s, err := f.moveFlow(list, from, to)
		return s, expect, err
	}
	s, err := f.moveBlock(list, from, to, len(item) > 1)
	return s, expect, err
}

// moved is a list with one of its items in front of the place that another has.
func moved[T any](list []T, from, to int) []T {
	out := slices.Delete(slices.Clone(list), from, from+1)
	if to > from {
		to--
	}
	return slices.Insert(out, to, list[from])
}

// moveFlow puts the texts of the items into each other's places: commas and
// breaks stay.
func (f *File) moveFlow(list *Node, from, to int) ([]Splice, error) {
	var out []Splice
	items := moved(list.Children, from, to)
	for i, old := range list.Children {
		if i > 0 && bytes.IndexByte(f.src[list.Children[i-1].end:old.start], '#') >= 0 {
			return nil, &ErrStyle{old.Line, "a comment between the items would stay behind; move the item by hand"}
		}
		if items[i] != old {
			out = append(out, Splice{Start: f.head(old), End: old.end, New: string(f.src[f.head(items[i]):items[i].end])})
		}
	}
	return out, nil
}

// head is where a node starts, with its anchor and tag.
func (f *File) head(n *Node) int {
	if n.anchor == "" {
		return n.start
	}
	at, ok := f.lines.offset(n.Line, n.column)
	if !ok {
		return n.start
	}
	return at
}

// moveBlock moves the lines of an item.
func (f *File) moveBlock(list *Node, from, to int, keyed bool) ([]Splice, error) {
	if !f.lines.blankBefore(list.start) {
		return nil, &ErrStyle{list.Line, "the list begins on the line of another; move the item by hand"}
	}
	start := f.lead(list, from, keyed)
	end := f.lines.next(f.lines.end(lastOf(list.Children[from]).end))
	text, nl := string(f.src[start:end]), f.lines.ending(start)
	gone := Splice{Start: start, End: end}
	if breakBefore([]byte(text)) == 0 { // the last line of the file, which has no break
		text += nl
		gone.Start -= breakBefore(f.src[:start])
	}
	if to < len(list.Children) {
		at := f.lead(list, to, keyed)
		return ordered(gone, Splice{Start: at, End: at, New: text}), nil
	}
	return append([]Splice{gone}, f.below(list, text, nl)...), nil
}

// ordered is two splices in the order of the text.
func ordered(a, b Splice) []Splice {
	if b.Start < a.Start {
		return []Splice{b, a}
	}
	return []Splice{a, b}
}
