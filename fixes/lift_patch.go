package fixes

import (
	"context"
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// liftOverlay moves what the overlay's patches say into generators that merge,
// and declares what becomes of the overlay's build.
func (l *lift) liftOverlay(ctx context.Context, u use) error {
	data := yaml.Node{Kind: yaml.MappingNode}
	for _, name := range l.names {
		source, err := u.build.Explain(ctx, u.object, u.field.Append("env", overlay.ItemStep("name", name), "value"))
		if err != nil {
			return err
		}
		chain := append([]overlay.Source{source}, source.Via...)
		slices.Reverse(chain) // a later patch overrides
		for _, s := range chain {
			if err := l.liftPatch(ctx, s, name); err != nil {
				return err
			}
		}
		set(&data, scalar(itemOf(child(u.node, "env"), "name", name), "value"), name)
	}
	l.declare(u, &data)
	return nil
}

// liftPatch takes a variable out of the patch that a source is in.
func (l *lift) liftPatch(ctx context.Context, s overlay.Source, name string) error {
	said, err := l.locate(s)
	if err != nil {
		return err
	}
	n := len(said.path)
	if n >= 2 && said.file == l.said.file && said.document == l.said.document && slices.Equal(said.block, l.said.block) &&
		said.inner == l.said.inner && slices.Equal(said.path[:n-2], l.said.path) {
		return nil // the list that introduces it
	}
	if s.By != overlay.ByPatch || n < 3 || said.path[n-1] != "value" || said.node == nil {
		return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s is set by %s at %s, which cannot be moved.", name, s.By, s)}
	}
	owner := said.file
	if said.block == nil {
		if owner, err = l.patchOwner(said.file); err != nil {
			return err
		}
	}
	// Whoever reads the generator gets its value, even where this build does not.
	if err := l.Reach(ctx, owner); err != nil {
		return err
	}
	if err := l.editable(said.file); err != nil {
		return err
	}
	l.say(owner, name, said.node.Value)
	said.path = said.path[:n-1]
	l.to.add(said.file, said.remove())
	return nil
}

// patchOwner is the kustomization that lists a patch; a patch that sets many
// variables is looked for once.
func (l *lift) patchOwner(file string) (string, error) {
	if owner, ok := l.patches[file]; ok {
		return owner, nil
	}
	owner, err := l.lister(file, patchLists...)
	if err == nil {
		l.patches[file] = owner
	}
	return owner, err
}

// dropEmpty deletes the patches that say nothing any more, with their mention.
func (l *lift) dropEmpty() error {
	for _, file := range sortedKeys(l.to.edits) {
		src, err := l.Snapshot.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		l.to.edits[file] = ordered(l.to.edits[file])
		after, err := edited(file, src, l.to.edits[file])
		if err != nil {
			return err
		}
		roots, err := documents(after.Bytes)
		if err != nil {
			return refused(file, err)
		}
		if owner, ok := l.patches[file]; ok {
			if !slices.ContainsFunc(roots, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }) {
				if err := l.dropPatch(file, owner); err != nil {
					return err
				}
			}
			continue
		}
		l.dropInline(file, roots)
	}
	return nil
}

// dropInline removes the inline patches of a kustomization that say nothing
// any more, in place of what was edited in them.
func (l *lift) dropInline(file string, roots []*yaml.Node) {
	var empty []steps
	for _, e := range l.to.edits[file] {
		if e.Block == nil || slices.ContainsFunc(empty, func(s steps) bool { return slices.Equal(s, e.Block) }) {
			continue
		}
		inner, err := documents([]byte(follow(roots[e.Document], e.Block).Value))
		if err == nil && !slices.ContainsFunc(inner, func(root *yaml.Node) bool { return root != nil && !saysNothing(root) }) {
			empty = append(empty, e.Block)
		}
	}
	for _, block := range empty {
		l.to.edits[file] = slices.DeleteFunc(l.to.edits[file], func(e Edit) bool { return slices.Equal(e.Block, block) })
		l.to.add(file, place{path: []any(block[:2])}.remove())
	}
}

// dropPatch deletes a patch and its entry.
func (l *lift) dropPatch(file, owner string) error {
	root, err := l.kustomization(owner)
	if err != nil {
		return err
	}
	for _, list := range patchLists {
		for i, entry := range items(root, list) {
			if namesFile(entry, path.Dir(owner), file) {
				l.to.add(owner, place{path: []any{list, i}}.remove())
			}
		}
	}
	l.to.gone[file] = true
	return nil
}

// saysNothing reports whether a patch only names what it would change.
func saysNothing(node *yaml.Node) bool {
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
