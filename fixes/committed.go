package fixes

import (
	"bytes"
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A committedObject is one that the repository has, in a build or in a file
// that no overlay lists.
type committedObject struct {
	ref  overlay.ObjectRef
	node *yaml.Node
	file string // "" for one of a build
}

// String names the object, and its file where nothing else leads there.
func (o committedObject) String() string {
	if o.file == "" {
		return o.ref.String()
	}
	return fmt.Sprintf("%s in %s", o.ref, o.file)
}

// committed are the objects of a kind that may be in the namespace of a
// container, those of its own build first: people keep what sizes a namespace
// beside the namespace, and what a cluster recommends in a file of its own. One
// without a namespace may be in any, save for one of another build.
func (p *Plan) committed(ctx context.Context, kind string, u use) ([]committedObject, error) {
	var out []committedObject
	of := func(build *overlay.Build) {
		for _, o := range build.Objects {
			if o.Ref.Kind == kind && o.Ref.Namespace == u.object.Ref.Namespace {
				out = append(out, committedObject{ref: o.Ref, node: o.Node})
			}
		}
	}
	of(u.build)
	if len(out) > 0 {
		return out, nil
	}
	files, err := p.filesWith(ctx, kind)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{u.build.Overlay: true}
	for _, file := range files {
		readers := p.readers(file)
		for _, path := range readers {
			if seen[path] || u.object.Ref.Namespace == "" {
				continue
			}
			seen[path] = true
			build, err := p.Look(ctx, path)
			if err != nil {
				return nil, err
			}
			if build != nil {
				of(build)
			}
		}
		if len(readers) > 0 {
			continue
		}
		roots, err := p.documents(file)
		if err != nil {
			continue // it is text of another kind
		}
		for _, said := range objectsIn(file, roots) {
			ref := refOf(said.node)
			if ref.Kind == kind && (ref.Namespace == "" || u.object.Ref.Namespace == "" || ref.Namespace == u.object.Ref.Namespace) {
				out = append(out, committedObject{ref, said.node, file})
			}
		}
	}
	return out, nil
}

// filesWith are the YAML files of the repository that name a kind, each read once.
func (p *Plan) filesWith(ctx context.Context, kind string) ([]string, error) {
	if files, ok := p.read.naming[kind]; ok {
		return files, nil
	}
	all, err := p.Snapshot.YAMLFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for a %s: %w", kind, err)
	}
	files := []string{}
	for _, file := range all {
		src, err := p.Snapshot.ReadFile(file)
		if err == nil && bytes.Contains(src, []byte("kind: "+kind)) {
			files = append(files, file)
		}
	}
	p.read.naming[kind] = files
	return files, nil
}
