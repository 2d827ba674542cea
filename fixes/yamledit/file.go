package yamledit

import (
	"bytes"
	"unicode/utf8"
)

// A File is a parsed text, ready to be edited.
type File struct {
	src       []byte
	lines     *lines
	documents []*Node // nil where a document is empty
}

// What is larger is refused. The largest file of YAML in the repositories that
// were measured is a bundle of CRDs of a few megabytes.
const (
	MaxBytes  = 16 << 20
	MaxLevels = 1000 // a mapping or list in another is a level
)

// notText is the first byte that cannot be in UTF-8 text, -1 where all can. A
// NUL is how UTF-16 without a byte-order mark shows.
func notText(src []byte) int {
	if utf8.Valid(src) {
		return bytes.IndexByte(src, 0)
	}
	at := 0
	for at < len(src) && src[at] != 0 {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// Parse reads all documents of a text. It fails with an [*ErrLimit], [*ErrEncoding],
// [*ErrSyntax], [*ErrTemplate], or [*ErrNotPlaced] where the bytes of a node
// cannot be told for certain.
func Parse(src []byte) (*File, error) { return parseAs(src, "\n") }

// parseAs is [Parse] of a text that breaks lines by nl where it has no break of
// its own.
func parseAs(src []byte, nl string) (*File, error) {
	if len(src) > MaxBytes {
		return nil, &ErrLimit{"bytes", MaxBytes}
	}
	if at := notText(src); at >= 0 {
		return nil, &ErrEncoding{1 + bytes.Count(src[:at], []byte("\n"))}
	}
	documents, err := parse(src)
	if err != nil {
		return nil, err
	}
	f := &File{src: src, lines: newLines(src, nl), documents: documents}
	spans := &spans{lines: f.lines}
	for _, document := range documents {
		if document == nil {
			continue
		}
		if err := spans.place(document, -1); err != nil {
			return nil, err
		}
		if err := f.noTemplate(document); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// noTemplate refuses text in which {{ stands outside of quotes: it often
// parses, as a mapping in a mapping.
func (f *File) noTemplate(document *Node) (err error) {
	walk(document, func(n *Node) {
		template := n.style == flow && bytes.HasPrefix(f.src[n.start:], []byte("{{"))
		template = template || n.Kind == ScalarNode && n.style == plain && bytes.Contains([]byte(n.Value), []byte("{{"))
		if template && err == nil {
			err = &ErrTemplate{n.Line}
		}
	})
	return err
}

// Documents is how many documents the file has.
func (f *File) Documents() int { return len(f.documents) }

// Lookup returns the node at a path. An alias on the way is an [*ErrAlias], a
// key that only a merge key brings an [*ErrMerged], a path that is not there an
// [*ErrNoPlace].
func (f *File) Lookup(document int, path Path) (*Node, error) {
	if document < 0 || document >= len(f.documents) || f.documents[document] == nil {
		return nil, &ErrNoPlace{path}
	}
	n := f.documents[document]
	for i, step := range path {
		if n.Kind == AliasNode {
			return nil, &ErrAlias{n.Value, n.Line}
		}
		next, err := n.step(step, path[:i+1])
		if err != nil {
			return nil, err
		}
		n = next
	}
	return n, nil
}

func (n *Node) step(step any, at Path) (*Node, error) {
	switch step := step.(type) {
	case string:
		i := n.index(step)
		if i < 0 {
			if err := n.merged(step); err != nil {
				return nil, err
			}
			return nil, &ErrNoPlace{at}
		}
		for j := i + 2; j < len(n.Children); j += 2 {
			if n.Children[j].Value == step && n.Children[j].Kind == ScalarNode {
				return nil, &ErrDuplicateKey{step, n.Children[j].Line}
			}
		}
		return n.Children[i+1], nil
	case int:
		if n.Kind == SequenceNode && step >= 0 && step < len(n.Children) {
			return n.Children[step], nil
		}
	}
	return nil, &ErrNoPlace{at}
}

// unclear refuses a mapping whose entries cannot be told apart for certain: one
// with a key twice, or with a key behind a question mark.
func (n *Node) unclear() error {
	if n.Kind != MappingNode {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Children); i += 2 {
		key := n.Children[i]
		if n.style == block && key.column-1 != n.indent {
			return &ErrStyle{key.Line, "a key stands behind a question mark; write it as key: value"}
		}
		if key.Kind != ScalarNode {
			continue
		}
		if seen[key.Value] {
			return &ErrDuplicateKey{key.Value, key.Line}
		}
		seen[key.Value] = true
	}
	return nil
}

// merged is an [*ErrMerged] where a merge key brings a key that the mapping
// itself does not have.
func (n *Node) merged(key string) error {
	merge := n.index("<<")
	if merge < 0 || n.index(key) >= 0 || !merges(n.Children[merge+1], key, map[*Node]bool{}) {
		return nil
	}
	return &ErrMerged{key, n.Children[merge].Line}
}

// merges reports whether a merge key's value brings a key. What it has seen is
// not read again: an anchor may hold an alias of itself.
func merges(n *Node, key string, seen map[*Node]bool) bool {
	if n == nil || seen[n] {
		return false
	}
	seen[n] = true
	switch n.Kind {
	case AliasNode:
		return merges(n.target, key, seen)
	case SequenceNode:
		for _, item := range n.Children {
			if merges(item, key, seen) {
				return true
			}
		}
	case MappingNode:
		return n.index(key) >= 0 || merges(n.Get("<<"), key, seen)
	}
	return false
}

// At finds what a position is of, lines and columns from 1, columns in runes:
// the value that starts there, or the value of the key that does.
func (f *File) At(line, column int) (document int, path Path, ok bool) {
	for i, root := range f.documents {
		if root == nil {
			continue
		}
		if path, ok := root.at(line, column, nil); ok {
			return i, path, true
		}
	}
	return 0, nil, false
}

func (n *Node) at(line, column int, path Path) (Path, bool) {
	here := n.Line == line && n.column == column
	switch {
	case here && n.Kind != MappingNode:
		return path, true
	case n.Kind == SequenceNode:
		for i, item := range n.Children {
			if found, ok := item.at(line, column, path.with(i)); ok {
				return found, true
			}
		}
	case n.Kind == MappingNode:
		for i := 0; i < len(n.Children); i += 2 {
			key := n.Children[i]
			if key.Line == line && key.column == column {
				return path.with(key.Value), true
			}
			if found, ok := n.Children[i+1].at(line, column, path.with(key.Value)); ok {
				return found, true
			}
		}
	}
	return path, here
}

// shared refuses a path on which an anchor is used by an alias: what is
// changed below it changes there too.
func (f *File) shared(document int, path Path) error {
	used := map[*Node][]int{}
	walk(f.documents[document], func(n *Node) {
		if n.target != nil {
			used[n.target] = append(used[n.target], n.Line)
		}
	})
	for i := range len(path) + 1 {
		n, err := f.Lookup(document, path[:i])
		if err != nil {
			return err
		}
		if uses := used[n]; len(uses) > 0 {
			return &ErrShared{n.anchor, n.Line, uses}
		}
	}
	return nil
}

// anchored refuses a part that holds an anchor which something outside it uses.
func (f *File) anchored(document int, part *Node) error {
	inside := map[*Node]bool{}
	walk(part, func(n *Node) { inside[n] = true })
	var shared *ErrShared
	walk(f.documents[document], func(n *Node) {
		if n.target == nil || !inside[n.target] || inside[n] {
			return
		}
		if shared == nil {
			shared = &ErrShared{Anchor: n.target.anchor, Line: n.target.Line}
		}
		if n.target.anchor == shared.Anchor {
			shared.Uses = append(shared.Uses, n.Line)
		}
	})
	if shared == nil {
		return nil // not the nil pointer, which is an error that is not nil
	}
	return shared
}
