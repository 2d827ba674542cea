package yamledit

// An Edit is one change of one document; see the functions that return one.
type Edit struct {
	document int
	path     Path
	// plan makes the splices, in order, and the change that they make to the
	// tree: expect is called with a copy of the document.
	plan func(f *File) (s []Splice, expect func(document *Node) error, err error)
	adds *Node // the document that it adds, nil where it adds none
}

// one is the plan of an edit that is a single splice.
func one(s Splice, expect func(*Node) error, err error) ([]Splice, func(*Node) error, error) {
	return []Splice{s}, expect, err
}

// SetScalar sets the scalar at a path. Its quotes stay; a plain one stays plain
// where the new value then reads as the same type.
func SetScalar(document int, path Path, value string) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) { return one(f.setScalar(document, path, value)) }}
}

// AddKey adds a key to the mapping at a path, after its last. An empty mapping
// or a value that is missing is filled. It fails where the key is there already.
func AddKey(document int, path Path, key string, value Value) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) { return f.addKey(document, path, key, value) }}
}

// AppendItem adds an item at the end of the list at a path. An empty list is
// filled; one that is missing is made where its mapping is there.
func AppendItem(document int, path Path, value Value) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) { return f.appendItem(document, path, value) }}
}

// A RemoveOption changes what [Remove] does.
type RemoveOption int

// PruneEmpty removes the mapping or list that would be left empty too, and so on upwards.
const PruneEmpty RemoveOption = 1

// Remove removes the key or item at a path, with the comments inside it;
// comments above it stay. The only key of a mapping, or item of a list, needs
// [PruneEmpty].
func Remove(document int, path Path, options ...RemoveOption) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return one(f.remove(document, path, len(options) > 0))
	}}
}

// InBlockScalar makes edits in the YAML that a literal scalar (|) holds, such as
// an inline patch of a kustomization.
func InBlockScalar(document int, path Path, inner ...Edit) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) { return f.inBlockScalar(document, path, inner) }}
}

// A Side is where a new place is, seen from an item that is there.
type Side int

const (
	Before Side = iota // in front of the item, and of the comments right above it
	After              // behind the item, in front of the comments that follow
)

// InsertItem adds an item to a list, on a side of the item at a path.
func InsertItem(document int, item Path, side Side, value Value) Edit {
	return Edit{document: document, path: item, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return f.insertItem(document, item, side, value)
	}}
}

// MoveItem moves the item at a path to a side of another item of the same list,
// by the index that this has before the move. The comments right above the
// item go with it.
func MoveItem(document int, item Path, side Side, other int) Edit {
	return Edit{document: document, path: item, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return f.moveItem(document, item, side, other)
	}}
}

// RenameKey gives the key at a path another name; its place, its value and its
// quotes stay. It fails where the mapping has a key of that name.
func RenameKey(document int, path Path, name string) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return one(f.renameKey(document, path, name))
	}}
}

// WrapInMap puts the value at a path below a key of a mapping that takes its
// place, with the rest behind it: x becomes {key: x}. The text of the value stays
// but for its indent, with its comments.
func WrapInMap(document int, path Path, key string, rest Map) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return f.inMap(document, path, key, rest)
	}}
}

// WrapInList makes the mapping at a path, which has lines of its own, the only
// item of a list that takes its place.
func WrapInList(document int, path Path) Edit {
	return Edit{document: document, path: path, plan: func(f *File) ([]Splice, func(*Node) error, error) {
		return f.inList(document, path)
	}}
}

// AddDocument adds a document at the end of the file, written as the others are.
func AddDocument(value Value) Edit {
	return Edit{document: -1, adds: value.node(), plan: func(f *File) ([]Splice, func(*Node) error, error) {
		s, err := f.addDocument(value)
		return s, nil, err
	}}
}
