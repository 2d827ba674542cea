package fixes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A containerPlace is where a file says a container, and its uses: the same
// container in each build that reads the file.
type containerPlace struct {
	path string
	file *yamledit.File
	doc  int
	at   yamledit.Path // of the container
	node *yaml.Node    // the container as the file says it
	kind string        // of the object
	uses []use
}

// containerPlace finds the finding's container in the document that introduces
// its object: what is added there is read by whoever reads the workload.
func (p *Plan) containerPlace(ctx context.Context) (*containerPlace, error) {
	said, err := p.introduction()
	if err != nil {
		return nil, err
	}
	if err := p.Reach(ctx, said.Path); err != nil {
		return nil, err
	}
	place := &containerPlace{path: said.Path}
	if place.file, err = p.parse(said.Path); err != nil {
		return nil, err
	}
	src, err := p.Snapshot.ReadFile(said.Path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", said.Path, err)
	}
	if err := place.find(src, p.Finding.Origin, p.Finding.Field); err != nil {
		return nil, err
	}
	place.uses, err = p.sameContainer(said.Path)
	if err == nil && len(place.uses) == 0 {
		err = &NoFix{ReasonNotPlaced, fmt.Sprintf("No overlay shows the container as %s says it.", said)}
	}
	return place, err
}

// introduction is the start of the document that introduces the finding's object.
func (p *Plan) introduction() (overlay.Source, error) {
	for _, name := range sortedKeys(p.Builds) {
		for _, o := range p.Builds[name].Objects {
			if o.Origin == p.Finding.Origin && len(o.Documents) > 0 && slices.Contains(p.Finding.Overlays, name) {
				return o.Documents[0], nil
			}
		}
	}
	return overlay.Source{}, &NoFix{ReasonNotPlaced, fmt.Sprintf("Which file introduces %s is not known.", p.Finding.Origin)}
}

// find finds the container of a field in the document that names the object.
func (c *containerPlace) find(src []byte, origin overlay.ObjectRef, field overlay.Field) error {
	roots, err := documents(src)
	if err != nil {
		return refused(c.path, err)
	}
	name := containerName(field)
	for doc, root := range roots {
		c.doc, c.kind = doc, scalar(root, "kind")
		if c.kind != origin.Kind || scalar(root, "metadata", "name") != origin.Name {
			continue
		}
		pod := podFields[c.kind]
		for _, list := range []string{"initContainers", "containers"} {
			i, node := indexOf(items(root, pod.Append(list)...), name)
			if pod == nil || node == nil || !slices.Contains(field, list) {
				continue
			}
			c.node = node
			for _, key := range pod.Append(list) {
				c.at = append(c.at, key)
			}
			c.at = append(c.at, i)
			return nil
		}
	}
	return &NoFix{ReasonNotPlaced, fmt.Sprintf("%s does not say container %s of the object itself.", c.path, name)}
}

// below is the path of what is in the container.
func (c *containerPlace) below(steps ...any) yamledit.Path {
	return append(append(yamledit.Path{}, c.at...), steps...)
}

func (c *containerPlace) addKey(below yamledit.Path, key string, value yamledit.Value) yamledit.Edit {
	return yamledit.AddKey(c.doc, c.below(below...), key, value)
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
