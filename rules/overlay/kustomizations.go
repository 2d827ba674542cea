package overlay

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

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

// A KustomizationFile is one kustomization of a build as written.
type KustomizationFile struct {
	Path string
	// Root is its mapping. Lines and columns are those of the file.
	Root *yaml.Node
}

// Entries are the items of a list of the kustomization, such as those of images.
func (k KustomizationFile) Entries(key string) []*yaml.Node { return items(entry(k.Root, key)) }

// Kustomizations are those that the build reads: its own, and then those that
// it refers to, each before what it refers to itself.
func (b *Build) Kustomizations() []KustomizationFile {
	var files []KustomizationFile
	for _, k := range b.closure.kustomizations {
		if k.root != nil && !InRemote(k.path) {
			files = append(files, KustomizationFile{k.path, k.root})
		}
	}
	return files
}

// Documents are the documents of objects that the build read, as written.
func (b *Build) Documents() []Document {
	var documents []Document
	for _, t := range b.served.texts {
		if t.role != roleResource {
			continue
		}
		for _, d := range t.documents {
			if d.parse(); d.root != nil && d.root.Kind == yaml.MappingNode {
				documents = append(documents, Document{Objects: d.objects(), document: d})
			}
		}
	}
	return documents
}

// SameWithout reports whether the overlay builds to the same without one entry
// of a list of a kustomization. It costs a build. The error is of ctx.
func (b *Build) SameWithout(ctx context.Context, file, key string, index int) (bool, error) {
	for _, k := range b.closure.kustomizations {
		if k.path != file {
			continue
		}
		text, ok := without(k.root, key, index)
		if !ok {
			return false, nil
		}
		built, err := b.snapshot.Change(map[string][]byte{file: text}).Build(ctx, b.Overlay)
		if ctx.Err() != nil {
			return false, fmt.Errorf("building overlay %s without an entry of %s: %w", b.Overlay, key, ctx.Err())
		}
		if err != nil {
			return false, nil // it is needed
		}
		was, err := b.YAML()
		if err != nil {
			return false, err
		}
		is, err := built.YAML()
		return bytes.Equal(was, is), err
	}
	return false, nil
}

// without is a kustomization without one entry of a list.
func without(root *yaml.Node, key string, index int) ([]byte, bool) {
	list := items(entry(root, key))
	if index >= len(list) {
		return nil, false
	}
	rest := yaml.Node{Kind: yaml.SequenceNode, Content: slices.Concat(list[:index:index], list[index+1:])}
	changed := *root
	changed.Content = slices.Clone(root.Content)
	for i := 0; i+1 < len(changed.Content); i += 2 {
		if strings.EqualFold(changed.Content[i].Value, key) {
			changed.Content[i+1] = &rest
		}
	}
	text, err := yaml.Marshal(&changed)
	return text, err == nil
}

// ReadFile returns the bytes of a file of the tree that was built.
func (b *Build) ReadFile(name string) ([]byte, error) { return b.snapshot.ReadFile(name) }
