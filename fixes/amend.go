package fixes

import (
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An amendment adds to a container or a pod.
type amendment struct {
	// topic is a word for what it is about, for the names of patch files.
	topic string
	// want says what is missing, given the container or pod as a build or a
	// file has it, as a part of one; nil where nothing is.
	want func(u use, has *yaml.Node) (*yaml.Node, error)
	// follows is set where what is written at the source becomes in each build
	// what that wants, since kustomizations add to it as they add to its kind.
	follows bool
}

// amend plans a fix that adds to the finding's container. It is written at the
// layer that fits, as patches where that is no file that says the container.
func (p *Plan) amend(ctx context.Context, topic string, want func(u use, has *yaml.Node) (*yaml.Node, error)) (*Fix, error) {
	said, kept, err := p.container(ctx)
	if err != nil {
		return nil, err
	}
	uses, err := p.sameContainer(said.file)
	if err != nil {
		return nil, err
	}
	return p.amendAt(ctx, said, kept, uses, amendment{topic: topic, want: want})
}

// amendAt amends what a place says, in the builds that use it. kept is why nobody
// may edit its file, nil where one may.
func (p *Plan) amendAt(ctx context.Context, said place, kept error, uses []use, a amendment) (*Fix, error) {
	all, trees, literal, err := p.wanted(ctx, said, uses, a)
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
		if err := p.amendBy(changes, layer, all, trees, a.topic); err != nil {
			return nil, err
		}
	}
	fix := &Fix{Layers: layers}
	for i, r := range all {
		if r.wants != "" {
			fix.Intent.Changes = append(fix.Intent.Changes, r.changes(overlaid(r.node, r.node, trees[i]))...)
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

// wanted says of each build that uses a place what it wants, as a tree, and
// what an edit of the place's own file would give it: literal.
func (p *Plan) wanted(ctx context.Context, said place, uses []use, a amendment) (all []reached, trees []*yaml.Node, literal *yaml.Node, err error) {
	if len(uses) == 0 {
		return nil, nil, nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows %s as %s says it.", p.Finding.Origin, said.file)}
	}
	for _, u := range uses {
		r := reached{use: u, changed: u.field}
		var tree *yaml.Node
		has, err := p.HasFinding(ctx, u.build, u.object, u.field)
		if err != nil {
			return nil, nil, nil, err
		}
		if has {
			if tree, err = a.want(u, u.node); err != nil {
				return nil, nil, nil, err
			}
		}
		if !isEmpty(tree) {
			if r.wants, err = print(overlaid(u.node, u.node, tree)); err != nil {
				return nil, nil, nil, err
			}
			if literal == nil {
				if literal, err = a.want(u, said.node); err != nil {
					return nil, nil, nil, err
				}
			}
		}
		all, trees = append(all, r), append(trees, tree)
	}
	for i, r := range all {
		if a.follows && r.wants != "" && !isEmpty(literal) {
			all[i].gets = r.wants
			continue
		}
		now := overlaid(r.node, said.node, literal)
		if !equal(r.node, now) {
			if all[i].gets, err = print(now); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	return all, trees, literal, nil
}
