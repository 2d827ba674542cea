package overlay

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// layers are the places that say a field of o, in the order in which they are
// applied: the document that introduces o, then of each kustomization on its
// way the patches and the entries that set fields.
func (b *Build) layers(o *Object, field Field) []Source {
	var all []Source
	if o.made != nil && o.made.document != nil {
		if n := lookup(o.made.node, field); n != nil && n.Kind == yaml.ScalarNode {
			all = append(all, o.made.document.source(n))
		}
	}
	image := b.imageOf(o, field)
	for _, k := range o.chain {
		for _, p := range b.patchesOf(o) {
			if p.in == k {
				all = append(all, p.says(o, field)...)
			}
		}
		all = append(all, b.dataOf(o, k, field)...)
		all = append(all, k.entriesFor(o, field)...)
		if image != "" {
			var set []Source
			set, image = k.imagesFor(image)
			all = append(all, set...)
		}
	}
	return all
}

// says are the places of a patch that give a field of o a value.
func (p *patch) says(o *Object, field Field) []Source {
	var all []Source
	for _, d := range p.merges {
		if n := lookup(d.root, field); n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" && !field.identifies() && (p.target != nil || d.names(o) || o.seen[d]) {
			all = append(all, d.source(n))
		}
	}
	for _, n := range p.writes(field) {
		all = append(all, p.operation(n))
	}
	return all
}

// writes are the scalars in a JSON patch's values that it writes to a field.
func (p *patch) writes(field Field) []*yaml.Node {
	var all []*yaml.Node
	for _, op := range p.ops {
		steps, value := pointerSteps(scalar(child(op, "path"))), child(op, "value")
		if value == nil || len(steps) > len(field) || !meets(steps, field) {
			continue
		}
		if n := lookup(value, field[len(steps):]); n != nil && n.Kind == yaml.ScalarNode {
			all = append(all, n)
		}
	}
	return all
}

// operation is the source of a node of a JSON patch.
func (p *patch) operation(n *yaml.Node) Source {
	source := p.at(n)
	source.By, source.How, source.Exact = ByJSONPatch, HowNode, source.EndLine > 0
	return source
}

// entriesFor are the entries of a kustomization that set a field of o outright.
func (k *kustomization) entriesFor(o *Object, field Field) []Source {
	var all []Source
	add := func(n *yaml.Node, by string) {
		if n != nil && n.Kind == yaml.ScalarNode && (n.Value != "" || n.Tag == "!!str") {
			all = append(all, Source{Path: k.path, Line: n.Line, Column: n.Column, EndLine: endLine(n), By: by, How: HowNode, Exact: true})
		}
	}
	switch {
	case field.String() == "metadata.namespace":
		add(entry(k.root, "namespace"), ByNamespace)
	case field.String() == "spec.replicas":
		for _, replicas := range items(entry(k.root, "replicas")) {
			if name := scalar(entry(replicas, "name")); name == o.Ref.Name || name == o.Origin.Name {
				add(entry(replicas, "count"), ByReplicas)
			}
		}
	case len(field) > 1 && field[len(field)-2] == "labels":
		add(child(entry(k.root, "commonLabels"), field.Last()), ByLabels)
		for _, label := range items(entry(k.root, "labels")) {
			if len(field) == 3 || scalar(entry(label, "includeTemplates")) == "true" || scalar(entry(label, "includeSelectors")) == "true" {
				add(child(entry(label, "pairs"), field.Last()), ByLabels)
			}
		}
	case len(field) > 1 && field[len(field)-2] == "annotations":
		add(child(entry(k.root, "commonAnnotations"), field.Last()), ByAnnotations)
	}
	return all
}

// imageOf is the name of the image at a field as the documents say it, without
// its tag and digest; "" where the field holds none.
func (b *Build) imageOf(o *Object, field Field) string {
	if field.Last() != "image" {
		return ""
	}
	said := b.at(o, field)
	if len(said) == 0 {
		return ""
	}
	return imageName(said[len(said)-1].node.Value)
}

// imageName is an image without its tag and digest.
func imageName(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name
}

// imagesFor are the entries of a kustomization's images for an image, each at
// what says most of it, and the name that they leave it with.
func (k *kustomization) imagesFor(name string) ([]Source, string) {
	var all []Source
	for _, image := range items(entry(k.root, "images")) {
		if scalar(entry(image, "name")) != name {
			continue
		}
		for _, key := range []string{"newTag", "digest", "newName"} {
			if n := entry(image, key); n != nil && n.Value != "" {
				all = append(all, Source{Path: k.path, Line: n.Line, Column: n.Column, EndLine: endLine(n), By: ByImages, Entry: name, How: HowNode, Exact: true})
				break
			}
		}
		if renamed := scalar(entry(image, "newName")); renamed != "" {
			name = renamed
		}
	}
	return all, name
}

// overridden are the places that say the field too, below the one that won:
// the latest first.
func (b *Build) overridden(o *Object, field Field, won Source) []Source {
	said := b.layers(o, field)
	at := slices.IndexFunc(said, func(s Source) bool { return s.at(won) })
	if at < 0 {
		at = len(said) // what copies, such as a replacement, is applied last
		if won.By == ByResource || won.By == ByGenerator {
			at = 0
		}
	}
	via := slices.Clone(won.Via)
	for _, s := range slices.Backward(said[:at]) {
		if !slices.ContainsFunc(via, s.at) && !s.at(won) {
			via = append(via, s)
		}
	}
	return via
}

// at reports whether two sources are one place.
func (s Source) at(other Source) bool {
	return s.Path == other.Path && s.Line == other.Line && s.Column == other.Column
}
