package fixes

import (
	"context"
	"fmt"
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
		// A JSON patch by an index may be about another item; where it is not,
		// what it sets stands beside the reference then, and the proof fails.
		via := slices.DeleteFunc(slices.Clone(source.Via), func(s overlay.Source) bool { return s.By == overlay.ByJSONPatch })
		chain := append([]overlay.Source{source}, via...)
		slices.Reverse(chain) // a later patch overrides
		for _, s := range chain {
			if err := l.liftPatch(ctx, s, name); err != nil {
				return err
			}
		}
		set(&data, scalar(itemOf(child(u.node, "env"), "name", name), "value"), name)
	}
	return l.declare(u, &data)
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
