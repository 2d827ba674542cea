package yamledit

import (
	"cmp"
	"fmt"
	"strings"
)

func (f *File) renameKey(document int, path Path, name string) (Splice, func(*Node) error, error) {
	n, old, err := f.keyAt(document, path)
	if err != nil {
		return Splice{}, nil, err
	}
	// What a merge key brings by the old name would show through, and by the new
	// one be hidden.
	for _, either := range []string{old, name} {
		if i := n.index("<<"); i >= 0 && merges(n.Children[i+1], either, map[*Node]bool{}) {
			return Splice{}, nil, &ErrMerged{either, n.Children[i].Line}
		}
	}
	key := n.Children[n.index(old)]
	if i := n.index(name); i >= 0 && name != old {
		return Splice{}, nil, &ErrStyle{n.Children[i].Line, fmt.Sprintf("the key %s is there already; delete one", name)}
	}
	if key.Tag != "!!str" {
		return Splice{}, nil, &ErrStyle{key.Line, "the key is no text; rename it by hand"}
	}
	s := Splice{Start: key.start, End: key.end}
	switch {
	case key.style == singleQuoted && !strings.ContainsAny(name, "\n\r"):
		s.New = singleQuote(name)
	case key.style == doubleQuoted:
		s.New = doubleQuote(name)
	case n.style == flow:
		s.New = String(name).flow(false)
	default:
		s.New = scalar(String(name))
	}
	return s, expectAt(path.parent(), func(n *Node) { n.Children[n.index(old)].Value = name }), nil
}

// keyAt finds the mapping of the key at a path.
func (f *File) keyAt(document int, path Path) (*Node, string, error) {
	if len(path) == 0 {
		return nil, "", &ErrNoPlace{path}
	}
	old, ok := path.last().(string)
	if !ok {
		return nil, "", &ErrStyle{1, "an item of a list has no key to rename"}
	}
	if _, err := f.Lookup(document, path); err != nil {
		return nil, "", err
	}
	n, err := f.place(document, path.parent())
	if err != nil {
		return nil, "", err
	}
	return n, old, cmp.Or(n.unclear(), f.anchored(document, n.Children[n.index(old)]))
}
