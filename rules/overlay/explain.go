package overlay

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Explain answers for every field of every object of the build, doing more
// work than [Build.Where] where it must: the work is done once per build. A
// field that is absent is answered with the place of the nearest field above
// it. The error is of ctx only.
func (b *Build) Explain(ctx context.Context, o *Object, field Field) (Source, error) {
	if err := ctx.Err(); err != nil {
		return Source{}, fmt.Errorf("explaining %s of %s: %w", field, o.Ref, err)
	}
	n := o.Lookup(field)
	present := n != nil
	for n == nil && len(field) > 0 {
		field = field.Parent()
		n = o.Lookup(field)
	}
	if n.Kind != yaml.ScalarNode {
		source := b.explainAbove(o, field, n)
		source.Exact = source.Exact && present && !b.overwritable(field, n)
		return source, nil
	}
	if source, ok := b.Where(o, field); ok {
		source.Via = b.overridden(o, field, source)
		return source, nil
	}
	sources, err := b.explained(ctx)
	if err != nil {
		return Source{}, fmt.Errorf("explaining %s of %s: %w", field, o.Ref, err)
	}
	source, ok := sources[n]
	if !ok {
		source = b.ofObject(o)
	}
	if len(source.Via) == 0 {
		source.Via = b.overridden(o, field, source)
	}
	return source, nil
}

// explainAbove answers for a mapping or list: where the document that
// introduces the object has it, else where the build has it, else for what is
// above it.
func (b *Build) explainAbove(o *Object, field Field, n *yaml.Node) Source {
	if o.made != nil && o.made.document != nil {
		if in := lookup(o.made.node, field); in != nil && in.Kind == n.Kind {
			return o.made.document.source(in)
		}
	}
	if source, ok := b.Where(o, field); ok {
		return source
	}
	for _, d := range b.patchesOf(o) {
		if in := lookup(d.root, field); in != nil && in.Kind == n.Kind {
			return d.source(in)
		}
	}
	if len(field) == 0 {
		return b.ofObject(o)
	}
	above := field.Parent()
	source := b.explainAbove(o, above, o.Lookup(above))
	source.Exact = false
	return source
}

// ofObject is the object's own document, the answer where none is better.
func (b *Build) ofObject(o *Object) Source {
	if len(o.Documents) == 0 {
		return Source{By: ByKustomize, How: HowUnknown}
	}
	source := o.Documents[0]
	source.How, source.Exact = HowObject, false
	return source
}

// patchesOf are the strategic-merge patches of o by name, the latest first.
func (b *Build) patchesOf(o *Object) []*document {
	var patches []*document
	for _, t := range b.served.texts {
		if t.role != rolePatch {
			continue
		}
		for _, d := range t.documents {
			d.parse()
			if d.root == nil || d.root.Kind != yaml.MappingNode {
				continue
			}
			ref := refOf(d.root)
			named := ref.Kind == o.Ref.Kind && (ref.Name == o.Ref.Name || ref.Name == o.Origin.Name)
			if named || slices.ContainsFunc(o.Documents[min(1, len(o.Documents)):], func(s Source) bool { return s.String() == d.whole().String() }) {
				patches = append(patches, d)
			}
		}
	}
	slices.Reverse(patches)
	return patches
}

// overridden are the places that say the field too, below the one that won.
func (b *Build) overridden(o *Object, field Field, won Source) []Source {
	var via []Source
	add := func(d *document, root *yaml.Node) {
		n := lookup(root, field)
		if n == nil || n.Kind != yaml.ScalarNode {
			return
		}
		s := d.source(n)
		if s.Path != won.Path || s.Line != won.Line || s.Column != won.Column {
			via = append(via, s)
		}
	}
	if won.By == ByResource || won.By == ByGenerator {
		return nil
	}
	behind := won.By != ByPatch
	for _, d := range b.patchesOf(o) {
		if behind {
			add(d, d.root)
		}
		behind = behind || d.text.path == won.Path
	}
	if o.made != nil && o.made.document != nil {
		add(o.made.document, o.made.node)
	}
	return via
}

// lost is a scalar whose position did not survive the build.
type lost struct {
	object int
	field  Field
	node   *yaml.Node
}

// explained places what Where cannot, once.
func (b *Build) explained(ctx context.Context) (map[*yaml.Node]Source, error) {
	b.explaining.Lock()
	defer b.explaining.Unlock()
	if b.sources != nil {
		return b.sources, nil
	}
	e := &explanation{build: b, sources: map[*yaml.Node]Source{}}
	for i, o := range b.Objects {
		eachScalar(o.Node, nil, func(field Field, n *yaml.Node) {
			if _, ok := b.Where(o, field); !ok {
				e.lost = append(e.lost, lost{i, field, n})
			}
		})
	}
	for _, step := range []func(context.Context){e.byTokens, e.byShadow, e.byExperiment} {
		if len(e.lost) > 0 {
			step(ctx)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	b.sources = e.sources
	return b.sources, nil
}

// explanation is the work of placing what was lost. Each step takes what it
// can place out of lost.
type explanation struct {
	build   *Build
	lost    []lost
	sources map[*yaml.Node]Source
}

// again builds the overlay once more with other words for its files, and
// returns the objects beside those of the build; nil where it does not build
// or does not come out alike.
func (e *explanation) again(ctx context.Context, with served) []*yaml.Node {
	built, err := e.build.snapshot.run(ctx, e.build.Overlay, with, e.build.closure.openapi)
	if err != nil || built.Size() != len(e.build.Objects) {
		return nil // the words broke it, which says nothing about the build
	}
	nodes := make([]*yaml.Node, built.Size())
	resources := built.Resources()
	for i, o := range e.build.Objects {
		nodes[i] = resources[o.Made].YNode()
		if scalar(child(nodes[i], "kind")) != e.build.Objects[i].Ref.Kind {
			return nil
		}
	}
	return nodes
}

// each offers each lost scalar with its counterpart in other objects, and
// keeps as lost what place does not place.
func (e *explanation) each(others []*yaml.Node, place func(l lost, other *yaml.Node) (Source, bool)) {
	kept := e.lost[:0]
	pairs := map[int]map[*yaml.Node]*yaml.Node{}
	for _, l := range e.lost {
		pair, ok := pairs[l.object]
		if !ok {
			pair = map[*yaml.Node]*yaml.Node{}
			align(e.build.Objects[l.object].Node, others[l.object], pair)
			pairs[l.object] = pair
		}
		if other := pair[l.node]; other != nil {
			if source, ok := place(l, other); ok {
				e.sources[l.node] = source
				continue
			}
		}
		kept = append(kept, l)
	}
	e.lost = kept
}

// align pairs the scalars of two builds of one object: by key in mappings; in
// lists by the key that tells items apart, else by index where both are of
// one length, else by equal items that stand once in each.
func align(a, b *yaml.Node, pairs map[*yaml.Node]*yaml.Node) {
	a, b = deref(a), deref(b)
	if a.Kind != b.Kind {
		return
	}
	switch a.Kind {
	case yaml.ScalarNode:
		pairs[a] = b
	case yaml.MappingNode:
		eachPair(a, func(key, value *yaml.Node) {
			if other := child(b, key.Value); other != nil {
				align(value, other, pairs)
			}
		})
	case yaml.SequenceNode:
		if len(a.Content) == len(b.Content) {
			for i := range a.Content {
				align(a.Content[i], b.Content[i], pairs)
			}
			return
		}
		prints := map[string][]*yaml.Node{}
		for _, c := range b.Content {
			prints[itemPrint(c)] = append(prints[itemPrint(c)], c)
		}
		for _, c := range a.Content {
			if same := prints[itemPrint(c)]; len(same) == 1 {
				align(c, same[0], pairs)
			}
		}
	}
}

// itemPrint tells an item of a list apart: by its name, else by all of it.
func itemPrint(n *yaml.Node) string {
	if name := scalar(deref(child(n, "name"))); name != "" {
		return "name=" + name
	}
	var b strings.Builder
	eachScalar(n, nil, func(f Field, n *yaml.Node) { fmt.Fprintf(&b, "%s=%s\n", f, n.Value) })
	return b.String()
}

// byTokens places what the values of kustomizations and JSON patches set.
func (e *explanation) byTokens(ctx context.Context) {
	var t *tokens
	var others []*yaml.Node
	for _, shy := range []bool{false, true} {
		t = &tokens{serving: e.build.snapshot.newServing(lowAddress), files: map[string][]byte{}, shy: shy || e.build.sorted()}
		if others = e.again(ctx, t); others != nil || ctx.Err() != nil {
			break
		}
	}
	if others == nil {
		return
	}
	e.each(others, func(l lost, other *yaml.Node) (Source, bool) {
		found := slices.DeleteFunc(t.in(other), func(t token) bool { return !cameFrom(l.node.Value, t.original) })
		if len(found) == 0 {
			return Source{}, false
		}
		return chosen(l.field, found), true
	})
}

// cameFrom reports whether a built value holds an original one.
func cameFrom(built, original string) bool {
	return strings.Contains(built, original) ||
		strings.Contains(built, base64.StdEncoding.EncodeToString([]byte(original))) || sameNumber(built, original)
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseInt(a, 0, 64)
	y, errY := strconv.ParseInt(b, 0, 64)
	return errX == nil && errY == nil && x == y
}

// chosen is the source among the tokens of one value: of an image the tag
// before the digest before the name, else the first; the others are Via.
func chosen(field Field, found []token) Source {
	best := 0
	if found[0].source.By == ByImages && len(found) > 1 {
		best = max(slices.IndexFunc(found, func(t token) bool { return t.tag }), 0)
		if !found[best].tag {
			best = len(found) - 1 // name@digest
		}
	}
	source := found[best].source
	for i, t := range found {
		if i != best {
			source.Via = append(source.Via, t.source)
		}
	}
	return source
}

// sorted reports whether the build is put in order by name, so that other
// names would come out in other places.
func (b *Build) sorted() bool {
	return len(b.closure.kustomizations) > 0 && entry(b.closure.kustomizations[0].root, "sortOptions") != nil
}

// byShadow places what a build without JSON patches still has a position for.
func (e *explanation) byShadow(ctx context.Context) {
	serving := e.build.snapshot.newServing(lowAddress)
	serving.withoutJSON = true
	others := e.again(ctx, serving)
	if others == nil || !serving.dropped {
		return
	}
	shadow := &Build{addresses: serving.addresses}
	e.each(others, func(l lost, other *yaml.Node) (Source, bool) {
		if other.Value != l.node.Value && !sameNumber(other.Value, l.node.Value) || e.build.overwritable(l.field, l.node) {
			return Source{}, false
		}
		source, ok := shadow.placed(other, l.field.Last())
		source.How = HowShadow
		return source, ok
	})
}
