package fixes

import (
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// amend plans a fix that adds to the finding's container: want says what of
// it is missing, given a container as a build or a file has it, as a part of a
// container; nil where nothing is. It is written at the layer that fits, as
// patches about topic where that is no file that says the container.
func (p *Plan) amend(ctx context.Context, topic string, want func(u use, has *yaml.Node) (*yaml.Node, error)) (*Fix, error) {
	said, kept, err := p.container(ctx)
	if err != nil {
		return nil, err
	}
	all, trees, literal, err := p.wanted(ctx, said, want)
	if err != nil {
		return nil, err
	}
	layers, err := p.layer(ctx, overlay.Source{Path: said.file, By: said.by}, all, kept)
	if err != nil {
		return nil, err
	}
	changes := newChanges()
	for _, layer := range layers {
		if layer.atSource {
			edits, err := fill(said, literal)
			if err != nil {
				return nil, err
			}
			changes.add(said.file, edits...)
			continue
		}
		if err := p.amendBy(changes, layer, all, trees, topic); err != nil {
			return nil, err
		}
	}
	fix := &Fix{Layers: layers}
	for i, r := range all {
		if r.wants != "" {
			fix.Intent.Changes = append(fix.Intent.Changes, r.changes(filled(r.node, trees[i]))...)
		}
	}
	fix.Files, err = changes.files(p)
	return fix, err
}

// amendBy writes the patch of one layer.
func (p *Plan) amendBy(to *fileChanges, layer Layer, all []reached, trees []*yaml.Node, topic string) error {
	for i, r := range all {
		if r.wants != "" && r.build.Overlay == layer.Overlays[0] {
			return p.patch(to, layer.Path, r.object.Origin, wrapped(r.field, trees[i]), topic)
		}
	}
	return fmt.Errorf("no object of %s for a patch in %s", layer.Overlays[0], layer.Path)
}

// wanted says of each build that reads the container what it wants, as a tree,
// and what an edit of the container's own file would give it: literal.
func (p *Plan) wanted(ctx context.Context, said place, want func(use, *yaml.Node) (*yaml.Node, error)) (all []reached, trees []*yaml.Node, literal *yaml.Node, err error) {
	uses, err := p.sameContainer(said.file)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(uses) == 0 {
		return nil, nil, nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows the container as %s says it.", said.file)}
	}
	for _, u := range uses {
		r := reached{use: u, changed: u.field}
		var tree *yaml.Node
		has, err := p.HasFinding(ctx, u.build, u.object, u.field)
		if err != nil {
			return nil, nil, nil, err
		}
		if has {
			if tree, err = want(u, u.node); err != nil {
				return nil, nil, nil, err
			}
		}
		if !isEmpty(tree) {
			if r.wants, err = print(filled(u.node, tree)); err != nil {
				return nil, nil, nil, err
			}
			if literal == nil {
				if literal, err = want(u, said.node); err != nil {
					return nil, nil, nil, err
				}
			}
		}
		all, trees = append(all, r), append(trees, tree)
	}
	for i, r := range all {
		now := filled(r.node, literal)
		if !equal(r.node, now) {
			if all[i].gets, err = print(now); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	return all, trees, literal, nil
}
