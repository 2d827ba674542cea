package fixes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// container finds the place that introduces the finding's container, and
// adds the builds that read it: what is added there is read by whoever reads
// the container. kept says why nobody may edit its file, nil where one may.
func (p *Plan) container(ctx context.Context) (said place, kept, err error) {
	build, object := p.found()
	if object == nil {
		return said, nil, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
	}
	if said, err = p.containerIn(object); said.node == nil {
		said, err = p.containerBy(ctx, build, object, err)
	}
	if err != nil {
		return said, nil, err
	}
	if err := p.Reach(ctx, said.file); err != nil {
		return said, nil, err
	}
	return said, p.editable(said.file), nil
}

// found is the finding's object in the first build that has the finding, nil
// where no build shows it.
func (p *Plan) found() (*overlay.Build, *overlay.Object) {
	for _, name := range sortedKeys(p.Builds) {
		for _, o := range p.Builds[name].Objects {
			if o.Origin == p.Finding.Origin && slices.Contains(p.Finding.Overlays, name) {
				return p.Builds[name], o
			}
		}
	}
	return nil, nil
}

// containerIn finds the container of the finding where the document that
// introduces its object says it. The place is without a node where that does not.
func (p *Plan) containerIn(object *overlay.Object) (place, error) {
	said, err := p.introduced(object)
	list := slices.IndexFunc(p.Finding.Field, overlay.IsItem)
	if err != nil || said.node == nil || list < 0 {
		return place{}, err
	}
	index, node := indexOf(items(said.node, p.Finding.Field[:list]...), containerName(p.Finding.Field))
	if node == nil {
		return place{}, nil
	}
	return said.below(anySteps(p.Finding.Field[:list])...).below(index), nil
}

// containerBy finds the container that a patch introduces, by the earliest
// source of its name. unread is why the object's own document says nothing.
func (p *Plan) containerBy(ctx context.Context, build *overlay.Build, object *overlay.Object, unread error) (place, error) {
	missing := unread
	if missing == nil {
		missing = &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces container %s of %s is not known.", containerName(p.Finding.Field), p.Finding.Origin)}
	}
	for _, c := range p.containersIn(build) {
		if c.object != object || !isIn(c.field, p.Finding.Field) {
			continue
		}
		source, err := build.Explain(ctx, object, c.field.Append("name"))
		if err != nil {
			return place{}, err
		}
		if len(source.Via) > 0 {
			source = source.Via[len(source.Via)-1]
		}
		said, err := p.locate(source)
		if err != nil || len(said.path) == 0 || said.path[len(said.path)-1] != "name" {
			return place{}, missing
		}
		return said.above(), nil
	}
	return place{}, missing
}

// sameContainer lists the finding's container in each build of its object
// that reads the file.
func (p *Plan) sameContainer(file string) ([]use, error) {
	name := containerName(p.Finding.Field)
	return p.uses(func(u use) (bool, error) {
		_, reads := u.build.Reads[file]
		return reads && u.object.Origin == p.Finding.Origin && u.name() == name && isIn(u.field, p.Finding.Field), nil
	})
}

// documents decodes every document of a file; an empty one is nil.
func documents(src []byte) ([]*yaml.Node, error) {
	var out []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var document yaml.Node
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, resolved(&document))
	}
}
