package overlay

import (
	"context"
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
	// shown says of objects how they were seen to come from the document that
	// is taken to introduce them.
	shown map[int]string
	// worded are the kustomizations whose values a build of tokens takes.
	worded func(*kustomization) bool
	named  bool // whether a build of tokens had words for all names
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
	e := &explanation{build: b, sources: map[*yaml.Node]Source{}, generated: map[int]bool{}, shown: map[int]string{}, worded: everywhere}
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

// valueOf is the value of the counterpart of a scalar, "" where it has none.
func (p *pairing) valueOf(l lost) string { return scalar(p.of(l)) }

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
	if e.named = !e.build.sorted() && e.tokensIn(ctx, everywhere); e.named {
		return
	}
	kept := most(e.build.closure.kustomizations, maxRetries, func(some []*kustomization) bool {
		e.worded = func(k *kustomization) bool {
			return slices.ContainsFunc(some, func(other *kustomization) bool { return other.path == k.path })
		}
		return ctx.Err() == nil && e.tokensIn(ctx, nowhere)
	})
	e.worded = func(k *kustomization) bool {
		return slices.ContainsFunc(kept, func(other *kustomization) bool { return other.path == k.path })
	}
}

func everywhere(*kustomization) bool { return true }
func nowhere(*kustomization) bool    { return false }

// maxRetries bounds the builds of parts where that of the whole fails.
const maxRetries = 12

// most are as many of all as work together: all, else those of the halves, each
// tried beside what has worked before it. The last call that works holds for is
// with what is returned. There are at most so many calls.
func most[T any](all []T, times int, works func([]T) bool) []T {
	var kept []T
	var add func([]T)
	add = func(some []T) {
		if len(some) == 0 || times == 0 {
			return
		}
		times--
		if together := slices.Concat(kept, some); works(together) {
			kept = together
			return
		}
		if half := len(some) / 2; half > 0 {
			add(some[:half])
			add(some[half:])
		}
	}
	add(all)
	return kept
}

// maxNamings bounds the builds of tokens with the names of one kustomization each.
const maxNamings = 6

// byTokensOfOne tries no names and namespaces, and those of one kustomization at
// a time: with those of all, a patch may not have found its object.
func (e *explanation) byTokensOfOne(ctx context.Context) {
	if e.build.sorted() {
		return
	}
	if e.named {
		e.tokensIn(ctx, nowhere)
	}
	tries := 0
	for _, k := range e.build.closure.kustomizations {
		named := entry(k.root, "namespace") != nil || entry(k.root, "namePrefix") != nil || entry(k.root, "nameSuffix") != nil
		if !named || !slices.ContainsFunc(e.lost, func(l lost) bool { return l.field.named() }) {
			continue
		}
		if tries++; tries > maxNamings || ctx.Err() != nil {
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
	t := e.tokens(nowhere)
	t.names = map[string]string{}
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

func (e *explanation) tokens(bold func(*kustomization) bool) *tokens {
	return &tokens{serving: e.build.snapshot.newServing(lowAddress), files: map[string][]byte{}, users: map[string][]*kustomization{}, worded: e.worded, bold: bold}
}

// tokensIn builds with words, for names only in the kustomizations that bold
// picks, and places what comes out. It reports whether that builds.
func (e *explanation) tokensIn(ctx context.Context, bold func(*kustomization) bool) bool {
	t := e.tokens(bold)
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
// Where other parts need some of them, it is a build without the rest.
func (e *explanation) byShadow(ctx context.Context) {
	patches := slices.DeleteFunc(slices.Clone(e.build.patches()), func(p *patch) bool { return len(p.ops) == 0 })
	shadow, others := &Build{}, []*yaml.Node(nil)
	most(patches, maxRetries, func(some []*patch) bool {
		address := lowAddress
		if len(some) < len(patches) {
			address = e.build.snapshot.firstAddress(e.build.closure) // the rest number lines anew
		}
		serving := e.build.snapshot.newServing(address)
		serving.leaveOut = func(k *kustomization, item *yaml.Node) bool {
			return slices.ContainsFunc(some, func(p *patch) bool { return p.is(k, item) })
		}
		built := e.again(ctx, serving)
		if built != nil {
			shadow.addresses, others = serving.addresses, built
		}
		return built != nil
	})
	if others == nil {
		return
	}
	for i, o := range e.build.Objects {
		if o.made != nil && o.made.keeps(shadow.addresses.positions(others[i])) {
			e.shown[i] = HowShadow
		}
	}
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
	for i, o := range e.build.Objects {
		eachScalar(o.Node, nil, func(_ Field, n *yaml.Node) {
			if source, ok := e.sources[n]; ok && source.Exact && o.made != nil && o.made.holds(source) {
				e.shown[i] = source.How
			}
		})
	}
	e.each(func(l lost) (Source, bool) {
		o := e.build.Objects[l.object]
		if e.generated[l.object] {
			return o.made.entryOf(l.field, l.node)
		}
		how, ok := e.shown[l.object]
		if !ok && !o.certain || !l.field.identifies() {
			return Source{}, false
		}
		source, ok := e.build.introduced(o, l.field, l.node)
		if !o.certain {
			source.How = how
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
