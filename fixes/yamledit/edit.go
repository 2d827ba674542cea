package yamledit

// An Edit is one change of one document; see the functions that return one.
type Edit struct {
	document int
	path     Path
	// plan makes the splice, and the change that it makes to the tree: expect is
	// called with a copy of the document.
	plan func(f *File) (s Splice, expect func(document *Node) error, err error)
}

// SetScalar sets the scalar at a path. Its quotes stay; a plain one stays plain
// where the new value then reads as the same type.
func SetScalar(document int, path Path, value string) Edit {
	return Edit{document, path, func(f *File) (Splice, func(*Node) error, error) { return f.setScalar(document, path, value) }}
}

// AddKey adds a key to the mapping at a path, after its last. An empty mapping
// or a value that is missing is filled. It fails where the key is there already.
func AddKey(document int, path Path, key string, value Value) Edit {
	return Edit{document, path, func(f *File) (Splice, func(*Node) error, error) { return f.addKey(document, path, key, value) }}
}

// AppendItem adds an item at the end of the list at a path. An empty list is
// filled; one that is missing is made where its mapping is there.
func AppendItem(document int, path Path, value Value) Edit {
	return Edit{document, path, func(f *File) (Splice, func(*Node) error, error) { return f.appendItem(document, path, value) }}
}

// A RemoveOption changes what [Remove] does.
type RemoveOption int

// PruneEmpty removes the mapping or list that would be left empty too, and so on upwards.
const PruneEmpty RemoveOption = 1

// Remove removes the key or item at a path, with the comments inside it;
// comments above it stay. The only key of a mapping, or item of a list, needs
// [PruneEmpty].
func Remove(document int, path Path, options ...RemoveOption) Edit {
	return Edit{document, path, func(f *File) (Splice, func(*Node) error, error) {
		return f.remove(document, path, len(options) > 0)
	}}
}

// InBlockScalar makes edits in the YAML that a literal scalar (|) holds, such as
// an inline patch of a kustomization.
func InBlockScalar(document int, path Path, inner ...Edit) Edit {
	return Edit{document, path, func(f *File) (Splice, func(*Node) error, error) { return f.inBlockScalar(document, path, inner) }}
}
