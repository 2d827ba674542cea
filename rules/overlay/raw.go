package overlay

import (
	"context"
	"path"

	"go.yaml.in/yaml/v3"
)

// A Document is one document of a file of objects, as written.
type Document struct {
	// Objects are its objects: itself, or the items of a List.
	Objects []*yaml.Node

	document *document
}

// Source is the place of a node of the document in its file.
func (d Document) Source(n *yaml.Node) Source { return d.document.source(n) }

// Documents are the documents of objects that the overlay at dir would read,
// for one that does not build. What does not parse is left out. The error is
// of ctx, or of reading the tree.
func (s *Snapshot) Documents(ctx context.Context, dir string) ([]Document, error) {
	c, err := s.closure(ctx, dir)
	if err != nil {
		return nil, err
	}
	var documents []Document
	for _, k := range c.kustomizations {
		for _, ref := range k.refs {
			if ref.role != roleResource || remote(ref.text) {
				continue
			}
			at, err := s.resolve(path.Join(k.dir, ref.text))
			if err != nil || at.kind == Folder || at.kind == Submodule || InRemote(at.path) {
				continue // the build says so, or it is another repository's
			}
			b, err := s.blob(at.path)
			if err != nil {
				return nil, err
			}
			if refusal, err := s.checkYAML(at.path); refusal != nil || err != nil {
				continue // too much to look into
			}
			for _, d := range splitText(at.path, b.data, roleResource).documents {
				if d.parse(); d.root != nil && d.root.Kind == yaml.MappingNode {
					documents = append(documents, Document{Objects: d.objects(), document: d})
				}
			}
		}
	}
	return documents, nil
}

// Ref names the object that a node is.
func Ref(object *yaml.Node) ObjectRef { return refOf(object) }
