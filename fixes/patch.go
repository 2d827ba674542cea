package fixes

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// patch writes a tree of an object, which origin names as its own document
// does, to a kustomization: into the patch of the object that it has, else
// into a new one as the repository writes them. topic is a word for what the
// patch is about.
func (p *Plan) patch(to *fileChanges, kustomization string, origin overlay.ObjectRef, tree *yaml.Node, topic string) error {
	known, err := p.knownPatch(kustomization, origin)
	if err != nil {
		return err
	}
	if known != nil {
		edits, err := fill(*known, tree)
		if err != nil {
			return err
		}
		if len(edits) == 0 {
			return &NoFix{ReasonConflict, fmt.Sprintf("The patch of %s in %s says otherwise already.", origin, known.file)}
		}
		to.add(known.file, edits...)
		return nil
	}
	whole := &yaml.Node{Kind: yaml.MappingNode}
	set(whole, origin.APIVersion, "apiVersion")
	set(whole, origin.Kind, "kind")
	set(whole, origin.Name, "metadata", "name")
	if origin.Namespace != "" {
		set(whole, origin.Namespace, "metadata", "namespace")
	}
	return p.newPatch(to, kustomization, origin, filled(whole, tree), topic)
}

// knownPatch is the patch of an object that a kustomization has, nil where it
// has none that may be added to: one that no other kustomization lists.
func (p *Plan) knownPatch(kustomization string, origin overlay.ObjectRef) (*place, error) {
	root, err := p.kustomization(kustomization)
	if err != nil {
		return nil, err
	}
	for _, inline := range inlinePatches(root) {
		if inline.node.Style&yaml.LiteralStyle == 0 {
			continue
		}
		roots, err := documents([]byte(inline.node.Value))
		if err != nil {
			continue // kustomize would not build it; its finding says so
		}
		if i := slices.IndexFunc(roots, func(n *yaml.Node) bool { return patches(n, origin) }); i >= 0 {
			return &place{file: kustomization, block: inline.path, inner: i, node: roots[i]}, nil
		}
	}
	files := filePatches(root, path.Dir(kustomization))
	for _, file := range sortedKeys(files) {
		if p.editable(file) != nil || !slices.Equal(p.readers(file), p.readers(kustomization)) {
			continue
		}
		roots, err := p.documents(file)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(roots, func(n *yaml.Node) bool { return patches(n, origin) }); i >= 0 {
			return &place{file: file, document: i, node: roots[i]}, nil
		}
	}
	return nil, nil
}

// patches reports whether a document is a strategic merge patch of the object
// that leaves it there.
func patches(node *yaml.Node, origin overlay.ObjectRef) bool {
	return node != nil && node.Kind == yaml.MappingNode && child(node, "$patch") == nil &&
		scalar(node, "kind") == origin.Kind && scalar(node, "metadata", "name") == origin.Name
}

// newPatch adds a patch to a kustomization as the repository is used to.
func (p *Plan) newPatch(to *fileChanges, kustomization string, origin overlay.ObjectRef, patch *yaml.Node, topic string) error {
	root, err := p.kustomization(kustomization)
	if err != nil {
		return err
	}
	habit, err := p.habit(kustomization)
	if err != nil {
		return err
	}
	list := "patches"
	if len(items(root, "patches")) == 0 && len(items(root, "patchesStrategicMerge")) > 0 {
		list = "patchesStrategicMerge"
	}
	value, err := valueOf(patch)
	if err != nil {
		return err
	}
	neighbours, err := p.neighbours(kustomization, root)
	if err != nil {
		return err
	}
	made, err := yamledit.NewFile(neighbours, value)
	if err != nil {
		return fmt.Errorf("writing a patch of %s: %w", origin, err)
	}
	text := string(made)
	file, err := p.freeName(path.Dir(kustomization), habit, origin, topic, text)
	if err != nil {
		return err
	}
	relative := relativeTo(path.Dir(kustomization), file)
	entry := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: relative}
	if list == "patches" {
		entry = &yaml.Node{Kind: yaml.MappingNode}
		set(entry, relative, "path")
	}
	to.made[file] = text
	edit, err := place{file: kustomization, path: []any{list}}.append(entry)
	if err != nil {
		return err
	}
	to.add(kustomization, edit)
	return nil
}

// neighbours are the texts that a new patch of a kustomization is written like:
// its other patches, or else the kustomization itself.
func (p *Plan) neighbours(kustomization string, root *yaml.Node) ([][]byte, error) {
	files := sortedKeys(filePatches(root, path.Dir(kustomization)))
	if len(files) == 0 {
		files = []string{kustomization}
	}
	var out [][]byte
	for _, file := range files {
		src, err := p.Snapshot.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // kustomize would not build it; its finding says so
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		out = append(out, src)
	}
	return out, nil
}
