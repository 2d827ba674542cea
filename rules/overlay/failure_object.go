package overlay

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// duplicate finds the second of two objects of one name.
func (f *failure) duplicate() *BuildError {
	_, id, ok := strings.Cut(f.words, "already registered id: ")
	match := engineID.FindStringSubmatch(id)
	if !ok {
		if match = goID.FindStringSubmatch(f.words); match == nil || !strings.Contains(f.words, "exists; can not use behavior") {
			return nil
		}
	}
	if match == nil {
		return nil
	}
	var first *introduction
	b := &Build{served: f.served, closure: f.closure}
	for _, in := range b.introductions() {
		switch {
		case in.ref.Kind != match[1] || in.ref.Name != match[2] || in.generator != nil && entry(in.node, "behavior") != nil && first == nil:
		case first == nil:
			first = in
		case in.source.Path != first.source.Path || in.source.Line != first.source.Line:
			return f.from(in.source, fmt.Sprintf("%s %s is already at %s:%d", match[1], match[2], first.source.Path, first.source.Line), "")
		}
	}
	return nil
}

// goID is how the engine prints an object's name when it does not mean to.
var goID = regexp.MustCompile(`Kind:"([^"]+)".*Name:"([^"]+)"`)

// shapeless finds a document that is no object, or whose metadata is not of
// the shape that the engine reads without looking.
func (f *failure) shapeless() *BuildError {
	nameless := strings.Contains(f.words, "missing metadata.name") || strings.Contains(f.words, "missing Resource metadata") || strings.Contains(f.words, "missing kind")
	for _, t := range f.served.texts {
		for _, d := range t.documents {
			d.parse()
			if d.root == nil {
				continue
			}
			if d.root.Kind != yaml.MappingNode {
				if nameless && t.role == roleResource {
					return f.from(d.source(d.root), "the document is a list or a scalar, not an object", "write each object as a document of its own, parted by ---")
				}
				continue
			}
			if n, message, hint := d.unshaped(nameless); n != nil {
				return f.from(d.source(n), message, hint)
			}
		}
	}
	return nil
}

// unshaped is the node of a document that keeps it from being an object, nil
// where there is none. A document without a name counts where nameless is set.
func (d *document) unshaped(nameless bool) (n *yaml.Node, message, hint string) {
	ref, metadata := refOf(d.root), child(d.root, "metadata")
	for _, key := range []string{"labels", "annotations"} {
		if n := deref(child(metadata, key)); n != nil && n.Kind != yaml.MappingNode && n.ShortTag() != "!!null" {
			return keyNode(metadata, key), fmt.Sprintf("metadata.%s is no mapping", key), "write key: value below it"
		}
	}
	if !nameless || ref.Kind != "" && (ref.Name != "" || strings.HasSuffix(ref.Kind, "List")) {
		return nil, "", ""
	}
	if name := deref(child(metadata, "name")); name != nil && name.Kind == yaml.MappingNode && name.Style&yaml.FlowStyle != 0 {
		return name, "metadata.name is no text", "this looks like a template: kustomize takes plain YAML"
	}
	lacks := "metadata.name"
	if ref.Kind == "" {
		lacks = "kind"
	}
	message = "the document is no object: it has no " + lacks
	wanted, _, _ := strings.Cut(lacks, ".")
	if child(d.root, wanted) == nil {
		for i := 0; i+1 < len(d.root.Content); i += 2 {
			if nearest(d.root.Content[i].Value, []string{wanted}) != "" {
				return d.root.Content[i], message, "did you mean " + wanted + "?"
			}
		}
	}
	if lacks == "kind" {
		hint = "a file that is none of Kubernetes' objects does not go under resources"
	}
	return d.root, message, hint
}
