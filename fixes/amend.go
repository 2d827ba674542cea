package fixes

import (
	"context"
	"fmt"
	"slices"

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
	m := newAmended(topic)
	if err := m.container(ctx, p, want); err != nil {
		return nil, err
	}
	return m.finish(p)
}

// amendAt amends what a place says, in the builds that use it. kept is why nobody
// may edit its file, nil where one may.
func (p *Plan) amendAt(ctx context.Context, said place, kept error, uses []use, a amendment) (*Fix, error) {
	m := newAmended(a.topic)
	if err := m.add(ctx, p, said, kept, uses, a); err != nil {
		return nil, err
	}
	return m.finish(p)
}

// An amended is a fix of one object in the making.
type amended struct {
	fix     *Fix
	changes *fileChanges
	topic   string
	origin  overlay.ObjectRef
	patches map[string]*yaml.Node // of the object, by the kustomization that gets them
}

func newAmended(topic string) *amended {
	return &amended{fix: &Fix{}, changes: newChanges(), topic: topic, patches: map[string]*yaml.Node{}}
}

// container adds to the container of the plan's finding.
func (m *amended) container(ctx context.Context, p *Plan, want func(u use, has *yaml.Node) (*yaml.Node, error)) error {
	said, kept, err := p.container(ctx)
	if err != nil {
		return err
	}
	uses, err := p.sameContainer(said.file)
	if err != nil {
		return err
	}
	return m.add(ctx, p, said, kept, uses, amendment{topic: m.topic, want: want})
}

// add makes one amendment, with those before it in the same files.
func (m *amended) add(ctx context.Context, p *Plan, said place, kept error, uses []use, a amendment) error {
	all, trees, literal, err := p.wanted(ctx, said, uses, a)
	if err != nil {
		return err
	}
	layers, err := p.layer(ctx, overlay.Source{Path: said.file, By: said.by}, all, kept)
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if !slices.ContainsFunc(m.fix.Layers, func(l Layer) bool { return l.Path == layer.Path }) {
			m.fix.Layers = append(m.fix.Layers, layer)
		}
		if !layer.atSource {
			if err := m.patch(p, layer, all, trees); err != nil {
				return err
			}
			continue
		}
		edits, err := fill(said, literal)
		if err != nil {
			return err
		}
		m.changes.add(said.file, edits...)
	}
	for i, r := range all {
		if r.wants != "" {
			m.fix.Intent.Changes = append(m.fix.Intent.Changes, r.changes(overlaid(r.node, r.node, trees[i]))...)
		}
	}
	return nil
}

// patch adds to the patch of one layer.
func (m *amended) patch(p *Plan, layer Layer, all []reached, trees []*yaml.Node) error {
	for i, r := range all {
		if r.wants == "" || r.build.Overlay != layer.Overlays[0] {
			continue
		}
		tree, err := p.patchOf(r.use, trees[i])
		if err != nil {
			return err
		}
		m.origin = r.object.Origin
		m.patches[layer.Path] = filled(m.patches[layer.Path], tree)
		return nil
	}
	return fmt.Errorf("no object of %s for a patch in %s", layer.Overlays[0], layer.Path)
}

func (m *amended) finish(p *Plan) (fix *Fix, err error) {
	for _, kustomization := range sortedKeys(m.patches) {
		if err := p.patch(m.changes, kustomization, m.origin, m.patches[kustomization], m.topic); err != nil {
			return nil, err
		}
	}
	m.fix.Files, err = m.changes.files(p)
	return m.fix, err
}

// patchOf is the patch of an object that adds a tree to a container or pod. What
// a patch names comes first in a list, so it names those before it too, as far
// as the object's own document has them: the order stays as it is.
func (p *Plan) patchOf(u use, tree *yaml.Node) (*yaml.Node, error) {
	patch := wrapped(u.field, tree)
	key, name, isItem := itemKey(u.field.Last())
	if !isItem || len(u.object.Documents) == 0 {
		return patch, nil
	}
	said, err := p.introduced(u.object)
	if err != nil {
		return nil, err
	}
	list := u.field[:len(u.field)-1]
	named := child(patch, list...)
	for _, item := range slices.Backward(items(u.object.Node, list...)) {
		before := scalar(item, key)
		if before == name {
			name = "" // all that follows stands before it
			continue
		}
		own := child(said.node, list...)
		if name == "" && own != nil && itemOf(own, key, before) != nil {
			first := &yaml.Node{Kind: yaml.MappingNode}
			set(first, before, key)
			named.Content = slices.Insert(named.Content, 0, first)
		}
	}
	return patch, nil
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
