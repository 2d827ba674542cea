package fixes

import (
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
)

// dropEmpty deletes the patches that say nothing any more once the changes are
// made, with their mention. listed are the patch files that are changed, with
// the kustomization that lists each.
func (p *Plan) dropEmpty(to *fileChanges, listed map[string]string) error {
	for _, file := range sortedKeys(to.edits) {
		src, err := p.Snapshot.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		to.edits[file] = ordered(to.edits[file])
		after, err := edited(file, src, to.edits[file])
		if err != nil {
			return err
		}
		roots, err := documents(after.Bytes)
		if err != nil {
			return refused(file, err)
		}
		if owner, ok := listed[file]; ok {
			if !slices.ContainsFunc(roots, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }) {
				if err := p.dropPatch(to, file, owner); err != nil {
					return err
				}
				continue
			}
		} else {
			dropInline(to, file, roots)
		}
		dropParts(to, file, roots)
	}
	return nil
}

// dropParts removes what else the edits leave in a patch that says nothing any
// more, such as the container whose only variable went.
func dropParts(to *fileChanges, file string, roots []*yaml.Node) {
	for _, e := range slices.Clone(to.edits[file]) {
		if e.Op != opRemove {
			continue
		}
		root := roots[e.Document]
		if e.Block != nil {
			inner, err := documents([]byte(follow(root, e.Block).Value))
			if err != nil || e.Inner >= len(inner) {
				continue
			}
			root = inner[e.Inner]
		}
		for n := 1; n < len(e.Path); n++ {
			// An item that only names itself still says where it stands among others.
			if _, isKey := e.Path[n-1].(string); isKey && saysNothing(follow(root, e.Path[:n])) {
				part := e
				part.Path = e.Path[:n]
				to.edits[file] = slices.DeleteFunc(to.edits[file], func(other Edit) bool { return part.clashes(other) })
				to.add(file, part)
				break
			}
		}
	}
}

// dropInline removes the inline patches of a kustomization that say nothing
// any more, in place of what was edited in them.
func dropInline(to *fileChanges, file string, roots []*yaml.Node) {
	var empty []steps
	for _, e := range to.edits[file] {
		if e.Block == nil || slices.ContainsFunc(empty, func(s steps) bool { return slices.Equal(s, e.Block) }) {
			continue
		}
		inner, err := documents([]byte(follow(roots[e.Document], e.Block).Value))
		if err == nil && !slices.ContainsFunc(inner, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }) {
			empty = append(empty, e.Block)
		}
	}
	for _, block := range empty {
		to.edits[file] = slices.DeleteFunc(to.edits[file], func(e Edit) bool { return slices.Equal(e.Block, block) })
		to.add(file, place{path: []any(block[:2])}.remove())
	}
}

// dropPatch deletes a patch and its entry.
func (p *Plan) dropPatch(to *fileChanges, file, owner string) error {
	root, err := p.kustomization(owner)
	if err != nil {
		return err
	}
	for _, list := range patchLists {
		for i, entry := range items(root, list) {
			if namesFile(entry, path.Dir(owner), file) {
				to.add(owner, place{path: []any{list, i}}.remove())
			}
		}
	}
	to.gone[file] = true
	return nil
}

// saysNothing reports whether a patch only names what it would change.
func saysNothing(node *yaml.Node) bool {
	if node == nil {
		return true
	}
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		switch node.Content[i].Value {
		case "apiVersion", "kind", "name", "namespace":
		default:
			if !saysNothing(resolved(node.Content[i+1])) {
				return false
			}
		}
	}
	for i := 0; i < len(node.Content) && node.Kind == yaml.SequenceNode; i++ {
		if !saysNothing(resolved(node.Content[i])) {
			return false
		}
	}
	return node.Kind != yaml.ScalarNode
}
