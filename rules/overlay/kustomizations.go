package overlay

import (
	"path"

	"go.yaml.in/yaml/v3"
)

// Kustomization is the place of the build's own kustomization.
func (b *Build) Kustomization() Source {
	if b.closure == nil || len(b.closure.kustomizations) == 0 {
		return Source{Path: path.Join(b.Overlay, kustomizationNames[0]), Line: 1, Column: 1}
	}
	return Source{Path: b.closure.kustomizations[0].path, Line: 1, Column: 1}
}

// Configurations are the documents of the files that the build's
// kustomizations list under configurations.
func (b *Build) Configurations() []*yaml.Node {
	var documents []*yaml.Node
	for _, k := range b.closure.kustomizations {
		for _, item := range items(entry(k.root, "configurations")) {
			data, err := b.snapshot.ReadFile(path.Join(k.dir, scalar(deref(item))))
			if err != nil {
				continue // the build would have failed
			}
			var document yaml.Node
			if yaml.Unmarshal(data, &document) == nil && len(document.Content) > 0 {
				documents = append(documents, document.Content[0])
			}
		}
	}
	return documents
}
