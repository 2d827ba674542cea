package yamledit

import (
	"bytes"
	"cmp"
)

func (f *File) remove(document int, path Path, prune bool) (Splice, func(*Node) error, error) {
	if len(path) == 0 {
		return Splice{}, nil, &ErrStyle{1, "a whole document is not removed"}
	}
	n, err := f.Lookup(document, path)
	if err != nil {
		return Splice{}, nil, err
	}
	parent, err := f.place(document, path.parent())
	if err != nil {
		return Splice{}, nil, err
	}
	if err := cmp.Or(parent.unclear(), f.anchored(document, n)); err != nil {
		return Splice{}, nil, err
	}
	from, count := f.entry(parent, path.last())
	if len(parent.Children) == count {
		if prune && len(path) > 1 {
			return f.remove(document, path.parent(), true)
		}
		return Splice{}, nil, &ErrStyle{n.Line, "nothing would be left of the mapping or list around it"}
	}
	expect := expectAt(path.parent(), func(parent *Node) {
		parent.Children = append(parent.Children[:from:from], parent.Children[from+count:]...)
	})
	if parent.style == flow {
		return f.removeFlow(parent, from, count), expect, nil
	}
	s, err := f.removeBlock(parent, from, count)
	return s, expect, err
}

// entry is where a step stands among a parent's children, and how many they are.
func (f *File) entry(parent *Node, step any) (from, count int) {
	if key, ok := step.(string); ok {
		return parent.index(key), 2
	}
	return step.(int), 1
}

func (f *File) removeFlow(parent *Node, from, count int) Splice {
	children := parent.Children
	if from+count < len(children) { // up to the next entry
		return Splice{Start: children[from].start, End: children[from+count].start}
	}
	before, last := children[from-1], children[from+count-1]
	if f.lines.end(before.end) > children[from].start {
		return Splice{Start: before.end, End: last.end}
	}
	// The last entry has lines of its own, and its comment goes with it. The one
	// behind the entry before stays, and the comma too where the last has one.
	end, cut := f.lines.end(before.end), last.end
	rest := f.src[before.end:end]
	if after := bytes.TrimLeft(f.src[cut:f.lines.end(cut)], " \t"); !bytes.HasPrefix(after, []byte(",")) {
		rest = bytes.TrimPrefix(bytes.TrimLeft(rest, " \t"), []byte(","))
	}
	if f.lines.end(cut) < parent.end {
		cut = f.lines.end(cut)
	}
	return Splice{Start: before.end, End: cut, New: string(rest)}
}

// removeBlock removes the lines of an entry. The first entry of a list's item
// stands behind a dash: then the next one moves up to it.
func (f *File) removeBlock(parent *Node, from, count int) (Splice, error) {
	first, last := parent.Children[from], parent.Children[from+count-1]
	start, err := f.entryStart(parent, from)
	if err != nil {
		return Splice{}, err
	}
	end := f.lines.next(f.lines.end(max(last.end, first.end)))
	if f.lines.blankBefore(start) {
		s := Splice{Start: f.lines.start(start), End: end}
		if end == len(f.src) && breakBefore(f.src) == 0 && s.Start > 0 {
			// The line before is the last one now, and has no break either.
			s.Start -= breakBefore(f.src[:s.Start])
		}
		return s, nil
	}
	if from+count >= len(parent.Children) {
		return Splice{}, &ErrStyle{first.Line, "what stands before it on its line would be left alone"}
	}
	next, err := f.entryStart(parent, from+count)
	return Splice{Start: start, End: next}, err
}

// entryStart is where an entry of a block starts: its key with anchor and tag,
// or its dash.
func (f *File) entryStart(parent *Node, child int) (int, error) {
	n := parent.Children[child]
	if parent.Kind == MappingNode {
		start, ok := f.lines.offset(n.Line, n.column)
		if !ok {
			return 0, &ErrNotPlaced{n.Line}
		}
		return start, nil
	}
	dash := parent.start
	if child > 0 {
		dash = (&spans{lines: f.lines}).skip(parent.Children[child-1].end)
	}
	if dash >= len(f.src) || f.src[dash] != '-' {
		return 0, &ErrNotPlaced{n.Line}
	}
	return dash, nil
}

// breakBefore is the size of the line break at the end of a text, 0 where there is none.
func breakBefore(text []byte) int {
	for _, nl := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if bytes.HasSuffix(text, []byte(nl)) {
			return len(nl)
		}
	}
	return 0
}
