package overlay

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// patch is one entry of a kustomization's patches, in any of their spellings.
type patch struct {
	in     *kustomization
	entry  *yaml.Node              // the item of the list
	merges []*document             // of a strategic-merge patch
	ops    []*yaml.Node            // of a JSON patch
	at     func(*yaml.Node) Source // the place of a node of ops
	target *target                 // nil where the patch names its object itself
	// renames is set where the patch may change the name or kind of its object.
	renames bool
}

// target is what a patch is for, as its entry says.
type target struct {
	selector            types.Selector
	regex               *types.SelectorRegex
	labels, annotations labels.Selector
}

// is reports whether the patch is an item of a kustomization's list.
func (p *patch) is(k *kustomization, item *yaml.Node) bool {
	return k.path == p.in.path && item.Line == p.entry.Line && item.Column == p.entry.Column
}

// patches are those of the build in the order in which they are applied: a
// kustomization's own after those of its resources and components.
func (b *Build) patches() []*patch {
	b.patching.Do(func() {
		done := map[string]bool{}
		var visit func(dir string)
		visit = func(dir string) {
			sc, err := b.snapshot.scan(dir)
			if err != nil || sc.kustomization == nil || done[dir] {
				return // the build has read it or has failed
			}
			done[dir] = true
			for _, r := range []role{roleResource, roleComponent} {
				for _, to := range sc.refers {
					if to.ref.role == r {
						visit(to.dir)
					}
				}
			}
			b.patched = append(b.patched, b.patchesIn(sc.kustomization)...)
		}
		visit(b.Overlay)
	})
	return b.patched
}

// patchesIn are the patches of one kustomization, in the engine's order.
func (b *Build) patchesIn(k *kustomization) []*patch {
	var all []*patch
	for _, key := range []string{"patchesStrategicMerge", "patches", "patchesJson6902"} {
		for _, item := range items(entry(k.root, key)) {
			if p := b.readPatch(k, deref(item)); p != nil {
				all = append(all, p)
			}
		}
	}
	return all
}

func (b *Build) readPatch(k *kustomization, item *yaml.Node) *patch {
	p := &patch{in: k, entry: item, target: readTarget(entry(item, "target"))}
	options := entry(item, "options")
	p.renames = scalar(entry(options, "allowNameChange")) == "true" || scalar(entry(options, "allowKindChange")) == "true"
	i := slices.IndexFunc(k.inlines, func(inline inlineText) bool { return inline.owner == item || inline.node == item })
	if i >= 0 {
		if t := b.snapshot.inlinePatch(k, i); t != nil {
			p.merges = t.documents
		} else {
			p.ops, p.at = items(jsonOps([]byte(k.inlines[i].node.Value))), k.placeOf(k.inlines[i]).of
		}
		return p
	}
	file := scalar(entry(item, "path"))
	if item.Kind == yaml.ScalarNode {
		file = item.Value
	}
	at, err := b.snapshot.resolve(path.Join(k.dir, file))
	if err != nil || at.kind == Folder {
		return nil // the build has failed
	}
	for _, t := range b.served.texts {
		if t.path == at.path && t.role == rolePatch && len(t.documents) > 0 {
			p.merges = t.documents
		}
	}
	blob, err := b.snapshot.blob(at.path)
	if err != nil {
		return nil
	}
	if ops := jsonOps(blob.data); ops != nil {
		p.merges, p.ops = nil, ops.Content
		p.at = func(n *yaml.Node) Source {
			return Source{Path: at.path, Line: n.Line, Column: n.Column, EndLine: endLine(n)}
		}
	}
	return p
}

func readTarget(n *yaml.Node) *target {
	if n == nil {
		return nil
	}
	t := &target{selector: types.Selector{ResId: resid.ResId{
		Gvk:  resid.Gvk{Group: scalar(entry(n, "group")), Version: scalar(entry(n, "version")), Kind: scalar(entry(n, "kind"))},
		Name: scalar(entry(n, "name")), Namespace: scalar(entry(n, "namespace")),
	}}}
	var err error
	if t.regex, err = types.NewSelectorRegex(&t.selector); err != nil {
		return nil // the build has failed
	}
	if t.labels, err = labels.Parse(scalar(entry(n, "labelSelector"))); err != nil {
		t.labels = labels.Everything()
	}
	if t.annotations, err = labels.Parse(scalar(entry(n, "annotationSelector"))); err != nil {
		t.annotations = labels.Everything()
	}
	return t
}

// selects reports whether an object is meant, by the name and kind it has or had. Its
// labels are those it has in the end.
func (t *target) selects(o *Object) bool {
	return (t.regex.MatchGvk(o.Ref.gvk()) || t.regex.MatchGvk(o.Origin.gvk())) &&
		(t.regex.MatchName(o.Ref.Name) || t.regex.MatchName(o.Origin.Name)) &&
		(t.regex.MatchNamespace(o.Ref.Namespace) || t.regex.MatchNamespace(o.Origin.Namespace)) &&
		t.labels.Matches(stringsAt(o.Node, "metadata", "labels")) && t.annotations.Matches(stringsAt(o.Node, "metadata", "annotations"))
}

func (r ObjectRef) gvk() resid.Gvk {
	group, version, grouped := strings.Cut(r.APIVersion, "/")
	if !grouped {
		group, version = "", group
	}
	return resid.Gvk{Group: group, Version: version, Kind: r.Kind}
}

// stringsAt is the mapping of texts at a field.
func stringsAt(n *yaml.Node, field ...string) labels.Set {
	set := labels.Set{}
	eachEntry(lookup(n, field), func(key string, value *yaml.Node) { set[key] = value.Value })
	return set
}

// appliesTo reports whether the patch is for an object.
func (p *patch) appliesTo(o *Object) bool {
	if p.target != nil {
		return p.target.selects(o)
	}
	return slices.ContainsFunc(p.merges, func(d *document) bool { return d.names(o) })
}

// names reports whether a document has the kind and name of an object.
func (d *document) names(o *Object) bool {
	d.parse()
	if d.root == nil || d.root.Kind != yaml.MappingNode {
		return false
	}
	ref := refOf(d.root)
	return ref.Kind == o.Ref.Kind && (ref.Name == o.Ref.Name || ref.Name == o.Origin.Name)
}

// patchesOf are the patches for an object, in the order in which they are applied.
func (b *Build) patchesOf(o *Object) []*patch {
	o.patching.Do(func() {
		for _, p := range b.patches() {
			if slices.Contains(o.chain, p.in) && p.appliesTo(o) || slices.ContainsFunc(p.merges, func(d *document) bool { return o.seen[d] }) {
				o.patches = append(o.patches, p)
			}
		}
	})
	return o.patches
}

// mergesOf are the documents of the strategic-merge patches for an object, in
// the order in which they are applied.
func (b *Build) mergesOf(o *Object) []*document {
	var all []*document
	for _, p := range b.patchesOf(o) {
		for _, d := range p.merges {
			if d.parse(); d.root != nil && d.root.Kind == yaml.MappingNode && (p.target != nil || d.names(o) || o.seen[d]) {
				all = append(all, d)
			}
		}
	}
	return all
}

// operated reports whether a JSON patch for o has an operation, of those
// asked for, that meets a field: on it, above it or below it.
func (b *Build) operated(o *Object, field Field, kinds ...string) bool {
	return slices.ContainsFunc(b.patchesOf(o), func(p *patch) bool {
		return slices.ContainsFunc(p.ops, func(op *yaml.Node) bool {
			return (len(kinds) == 0 || slices.Contains(kinds, scalar(child(op, "op")))) && meets(pointerSteps(scalar(child(op, "path"))), field)
		})
	})
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// pointerSteps are the steps of a JSON pointer.
func pointerSteps(pointer string) []string {
	steps := strings.Split(pointer, "/")[1:]
	for i, step := range steps {
		steps[i] = unescapePointer.Replace(step)
	}
	return steps
}

// meets reports whether steps lead to a field, above it or below it. An item
// of a list may be any.
func meets(steps []string, field Field) bool {
	for i, step := range steps[:min(len(steps), len(field))] {
		if step != field[i] && step != "*" && !IsItem(field[i]) {
			return false
		}
	}
	return true
}
