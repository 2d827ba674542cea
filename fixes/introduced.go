package fixes

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// objectsIn are the objects that a file's documents say: each one, or the items
// of one that is a List.
func objectsIn(file string, roots []*yaml.Node) []place {
	var out []place
	for i, root := range roots {
		document := place{file: file, by: overlay.ByResource, document: i, node: root}
		if !strings.HasSuffix(scalar(root, "kind"), "List") || child(root, "items") == nil {
			out = append(out, document)
			continue
		}
		for j := range items(root, "items") {
			out = append(out, document.below("items", j))
		}
	}
	return out
}

// introduced is where a file says an object; the place is without a node where
// it does not.
func introduced(file string, roots []*yaml.Node, origin overlay.ObjectRef) place {
	all := objectsIn(file, roots)
	i := slices.IndexFunc(all, func(o place) bool { return refOf(o.node) == origin })
	if i < 0 {
		return place{}
	}
	return all[i]
}

// introduced is where the document that introduces an object says it.
func (p *Plan) introduced(o *overlay.Object) (place, error) {
	if len(o.Documents) == 0 {
		return place{}, nil
	}
	file := o.Documents[0].Path
	roots, err := p.documents(file)
	if err != nil {
		return place{}, err
	}
	return introduced(file, roots, o.Origin), nil
}

// refOf is how an object names itself.
func refOf(node *yaml.Node) overlay.ObjectRef {
	return overlay.ObjectRef{APIVersion: scalar(node, "apiVersion"), Kind: scalar(node, "kind"),
		Namespace: scalar(node, "metadata", "namespace"), Name: scalar(node, "metadata", "name")}
}
