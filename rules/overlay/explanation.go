package overlay

import (
	"context"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lost is a scalar whose position did not survive the build.
type lost struct {
	object int
	field  Field
	node   *yaml.Node
}

// explanation is the work of placing what was lost. Each step builds the
// overlay again, in other words, and takes what it can place out of lost. A
// step is only taken when a scalar is asked for that those before it did not
// place.
type explanation struct {
	build   *Build
	lost    []lost
	sources map[*yaml.Node]Source
	steps   []func(context.Context)
	// generated are the objects that were seen to come from the generator's
	// entry that is taken to have made them.
	generated map[int]bool
}

// explained places a scalar that Where cannot. The error is of ctx.
func (b *Build) explained(ctx context.Context, n *yaml.Node) (Source, bool, error) {
	b.explaining.Lock()
	defer b.explaining.Unlock()
	if b.explanation == nil {
		b.explanation = newExplanation(b)
	}
	e := b.explanation
	for len(e.steps) > 0 {
		if source, ok := e.sources[n]; ok {
			return source, true, nil
		}
		if len(e.lost) > 0 {
			e.steps[0](ctx)
		}
		if err := ctx.Err(); err != nil {
			return Source{}, false, err
		}
		e.steps = e.steps[1:]
	}
	source, ok := e.sources[n]
	return source, ok, nil
}

func newExplanation(b *Build) *explanation {
	e := &explanation{build: b, sources: map[*yaml.Node]Source{}, generated: map[int]bool{}}
	for i, o := range b.Objects {
		eachScalar(o.Node, nil, func(field Field, n *yaml.Node) {
			if _, ok := b.Where(o, field); !ok {
				e.lost = append(e.lost, lost{i, field, n})
			}
		})
	}
	e.steps = []func(context.Context){e.byTokens, e.byShadow, e.byExperiment, e.byTokensOfOne, e.byGeneratorNames, e.byIntroduction, e.byGuess}
	return e
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
		if kind := scalar(child(nodes[i], "kind")); kind != o.Ref.Kind && !tokenWord.MatchString(kind) {
			return nil
		}
	}
	return nodes
}

// pairing pairs the scalars of the build's objects with those of others.
type pairing struct {
	objects []*Object
	others  []*yaml.Node
	pairs   map[int]map[*yaml.Node]*yaml.Node
}

func (e *explanation) pair(others []*yaml.Node) *pairing {
	return &pairing{e.build.Objects, others, map[int]map[*yaml.Node]*yaml.Node{}}
}

// of is the counterpart of a scalar, nil where it has none.
func (p *pairing) of(l lost) *yaml.Node {
	pairs, ok := p.pairs[l.object]
	if !ok {
		pairs = map[*yaml.Node]*yaml.Node{}
		align(p.objects[l.object].Node, p.others[l.object], pairs)
		p.pairs[l.object] = pairs
	}
	return pairs[l.node]
}

// each offers each lost scalar, and keeps as lost what place does not place.
func (e *explanation) each(place func(lost) (Source, bool)) {
	e.lost = slices.DeleteFunc(e.lost, func(l lost) bool {
		source, ok := place(l)
		if ok {
			e.sources[l.node] = source
		}
		return ok
	})
}

// byTokens places what the values of kustomizations and JSON patches set.
func (e *explanation) byTokens(ctx context.Context) {
	everywhere := func(*kustomization) bool { return true }
	nowhere := func(*kustomization) bool { return false }
	if e.build.sorted() {
		everywhere = nowhere
	}
	if !e.tokensIn(ctx, everywhere) && ctx.Err() == nil {
		e.tokensIn(ctx, nowhere)
	}
}

// maxRetries bounds the builds of tokens of one kustomization each.
const maxRetries = 6

// byTokensOfOne tries the names and namespaces of one kustomization at a time:
// with those of all, a patch may not have found its object.
func (e *explanation) byTokensOfOne(ctx context.Context) {
	if e.build.sorted() {
		return
	}
	tries := 0
	for _, k := range e.build.closure.kustomizations {
		named := entry(k.root, "namespace") != nil || entry(k.root, "namePrefix") != nil || entry(k.root, "nameSuffix") != nil
		if !named || !slices.ContainsFunc(e.lost, func(l lost) bool { return l.field.named() }) {
			continue
		}
		if tries++; tries > maxRetries || ctx.Err() != nil {
			return
		}
		e.tokensIn(ctx, func(other *kustomization) bool { return other.path == k.path })
	}
}

// byGeneratorNames sees which entry made a generated object of whose data
// nothing is left: entries of one name get one word, so that those that merge
// still find what they merge into.
func (e *explanation) byGeneratorNames(ctx context.Context) {
	unseen := func(l lost) bool {
		made := e.build.Objects[l.object].made
		return made != nil && made.generator != nil && !e.generated[l.object]
	}
	if !slices.ContainsFunc(e.lost, unseen) || e.build.sorted() {
		return
	}
	t := &tokens{serving: e.build.snapshot.newServing(lowAddress), files: map[string][]byte{}, names: map[string]string{}, bold: func(*kustomization) bool { return false }}
	others := e.again(ctx, t)
	if others == nil {
		return
	}
	for i, o := range e.build.Objects {
		if o.made == nil || o.made.generator == nil {
			continue
		}
		if word := t.names[o.made.ref.Name]; word != "" && strings.Contains(refOf(others[i]).Name, word) {
			e.generated[i] = true
		}
	}
}

// named reports whether a field holds a name or a namespace.
func (f Field) named() bool {
	return slices.Contains([]string{"name", "namespace"}, f.Last())
}

// tokensIn builds with words, for names only in the kustomizations that bold
// picks, and places what comes out. It reports whether that builds.
func (e *explanation) tokensIn(ctx context.Context, bold func(*kustomization) bool) bool {
	t := &tokens{serving: e.build.snapshot.newServing(lowAddress), files: map[string][]byte{}, bold: bold}
	others := e.again(ctx, t)
	if others == nil {
		return false
	}
	pairs := e.pair(others)
	e.each(func(l lost) (Source, bool) {
		other := pairs.of(l)
		if other == nil {
			return Source{}, false
		}
		found := slices.DeleteFunc(t.in(other), func(t token) bool { return !t.cameInto(l.node) })
		if len(found) == 0 {
			return Source{}, false
		}
		o := e.build.Objects[l.object]
		for _, t := range found {
			if o.made != nil && o.made.generator != nil && (t.generator == o.made.node || o.made.takes(t.source.Path)) {
				e.generated[l.object] = true
			}
		}
		return chosen(found), true
	})
	return true
}

// sorted reports whether the build is put in order by name, so that other
// names would come out in other places.
func (b *Build) sorted() bool {
	return len(b.closure.kustomizations) > 0 && entry(b.closure.kustomizations[0].root, "sortOptions") != nil
}

// byShadow places what a build without JSON patches still has a position for.
// The words of a build of tokens have shown before what those patches set.
func (e *explanation) byShadow(ctx context.Context) {
	serving := e.build.snapshot.newServing(lowAddress)
	serving.leaveOut = serving.isJSONPatch
	others := e.again(ctx, serving)
	if others == nil || !serving.dropped {
		return
	}
	shadow := &Build{addresses: serving.addresses}
	pairs := e.pair(others)
	e.each(func(l lost) (Source, bool) {
		other := pairs.of(l)
		if other == nil || !sameValue(other, l.node) || !e.build.shadowed(e.build.Objects[l.object], l.field, l.node) {
			return Source{}, false
		}
		source, ok := shadow.placed(other, l.field.Last())
		source.How = HowShadow
		return source, ok && source.Exact
	})
}

// shadowed reports whether a field comes out of a build without JSON patches
// as it went into them.
func (b *Build) shadowed(o *Object, field Field, n *yaml.Node) bool {
	if b.overwritable(field, n) || field.identifies() || b.operated(o, field, "add", "replace", "copy", "move") {
		return false
	}
	if field.finds() && len(b.saying(o, field, n)) > 1 {
		return false // as with restates
	}
	// Items without a name are told apart by their index, which an operation
	// on one of them shifts.
	for i := range field {
		if field[i:i+1].counts() && b.operated(o, field[:i+1], "add", "remove", "move", "copy") {
			return false
		}
	}
	return true
}

// byIntroduction places what names an object that other steps saw to come from
// the document, or from the generator's entry, that is taken to introduce it.
func (e *explanation) byIntroduction(context.Context) {
	shown := map[int]Source{}
	for i, o := range e.build.Objects {
		eachScalar(o.Node, nil, func(_ Field, n *yaml.Node) {
			if source, ok := e.sources[n]; ok && source.Exact && o.made != nil && o.made.holds(source) {
				shown[i] = source
			}
		})
	}
	e.each(func(l lost) (Source, bool) {
		o := e.build.Objects[l.object]
		if e.generated[l.object] {
			return o.made.entryOf(l.field, l.node)
		}
		evidence, ok := shown[l.object]
		if !ok && !o.certain || !l.field.identifies() {
			return Source{}, false
		}
		source, ok := e.build.introduced(o, l.field, l.node)
		if !o.certain {
			source.How = evidence.How
		}
		return source, ok
	})
}

// holds reports whether a source lies in what introduces an object.
func (in *introduction) holds(s Source) bool {
	if in.document == nil || s.Path != in.document.text.path {
		return false
	}
	whole := in.document.source(in.node)
	return s.Line >= whole.Line && s.Line <= whole.EndLine
}

// takes reports whether a generator's entry takes its data from a file.
func (in *introduction) takes(file string) bool {
	named := append(slices.Clone(items(entry(in.node, "files"))), items(entry(in.node, "envs"))...)
	return slices.ContainsFunc(append(named, entry(in.node, "env")), func(n *yaml.Node) bool {
		text := scalar(deref(n))
		if _, after, keyed := strings.Cut(text, "="); keyed {
			text = after
		}
		return text != "" && path.Join(in.generator.dir, text) == file
	})
}

// entryOf is the source of what a generator makes up itself: the entry that
// had it do so.
func (in *introduction) entryOf(field Field, n *yaml.Node) (Source, bool) {
	source := in.source
	source.How, source.Exact = HowToken, true
	switch {
	case field.identifies() && field.Last() == "name":
		name := entry(in.node, "name").Value
		if hashSuffix.ReplaceAllString(n.Value, "") == name && n.Value != name {
			source.By = ByKustomize
		}
		return source, n.Value == name || source.By == ByKustomize
	case field.identifies(), field.String() == "type":
		return source, true
	case field.String() == "metadata.namespace":
		at := entry(in.node, "namespace")
		if at == nil || at.Value != n.Value {
			return Source{}, false
		}
		source.Line, source.Column, source.EndLine = at.Line, at.Column, at.Line
		return source, true
	}
	return Source{}, false
}
