package fixes

import (
	"context"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// amendPod plans a fix that adds to the pod of the finding's object, or to
// containers of it, as [Plan.amend] does to one container.
func (p *Plan) amendPod(ctx context.Context, a amendment) (*Fix, error) {
	build, object := p.found()
	if object == nil || len(object.Documents) == 0 {
		return nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
	}
	field := p.podOf(build, object)
	said, err := p.podIn(object, field)
	if err != nil {
		return nil, err
	}
	if err := p.Reach(ctx, said.file); err != nil {
		return nil, err
	}
	var uses []use
	for _, name := range sortedKeys(p.Builds) {
		build := p.Builds[name]
		if _, reads := build.Reads[said.file]; !reads {
			continue
		}
		for _, o := range build.Objects {
			if pod := o.Lookup(field); o.Origin == p.Finding.Origin && pod != nil {
				uses = append(uses, use{build, container{o, field, pod}})
			}
		}
	}
	return p.amendAt(ctx, said, p.editable(said.file), uses, a)
}

// podOf is where the pod of an object of a build is, empty where it has none.
func (p *Plan) podOf(build *overlay.Build, o *overlay.Object) overlay.Field {
	if w := rules.Reading(build, p.Rules).WorkloadOf(o); w != nil {
		return w.Field
	}
	return nil
}

// podIn finds the pod of an object where the document that introduces it says it.
func (p *Plan) podIn(object *overlay.Object, field overlay.Field) (place, error) {
	said, err := p.introduced(object)
	if err != nil {
		return place{}, err
	}
	if said.node != nil && len(field) > 0 {
		if said = said.below(anySteps(field)...); said.node != nil {
			return said, nil
		}
	}
	return place{}, &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say the pod of %s.", object.Documents[0].Path, object.Origin)}
}

// inContainers is a tree of a pod that adds what a part says to each container
// that has has and that the finding, or another of its rule, is about.
func (p *Plan) inContainers(has *yaml.Node, part func(container *yaml.Node) *yaml.Node) *yaml.Node {
	tree := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range []string{"initContainers", "containers"} {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, c := range items(has, key) {
			name := scalar(c, "name")
			about := func(f rules.Finding) bool { return slices.Contains(f.Field, key) && containerName(f.Field) == name }
			more := part(c)
			if name == "" || isEmpty(more) || !about(p.Finding) && !slices.ContainsFunc(p.Others, about) {
				continue
			}
			item := &yaml.Node{Kind: yaml.MappingNode}
			set(item, name, "name")
			list.Content = append(list.Content, filled(item, more))
		}
		if len(list.Content) > 0 {
			put(tree, list, key)
		}
	}
	return tree
}

// fingerprints are those of the finding and of the others that its fix is for.
func (p *Plan) fingerprints() []string {
	out := []string{p.Finding.Fingerprint}
	for _, other := range p.Others {
		out = append(out, other.Fingerprint)
	}
	return out
}
