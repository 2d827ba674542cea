package overlay

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// born is an object as the files introduce it, with the kustomizations that
// it passes through on its way to the build, in the order in which they change
// it. One document is born many times where many overlays refer to its base.
type born struct {
	*introduction
	chain []*kustomization
	// name and namespace are those that the chain makes of its own.
	name, namespace string
	built           bool // whether an object of the build is known to come from it
}

// births are the objects in the order in which the engine takes them in: those
// of a kustomization's resources, of its generators, and of its components,
// which change all that came before them.
func (b *Build) births() []*born {
	w := &birthWalk{snapshot: b.snapshot}
	return w.visit(b.Overlay, nil)
}

type birthWalk struct {
	snapshot *Snapshot
	depth    int
	count    int
}

func (w *birthWalk) visit(dir string, before []*born) []*born {
	sc, err := w.snapshot.scan(dir)
	if err != nil || sc.kustomization == nil || w.depth > 200 || w.count > maxBirths {
		return before // the build has read it or has failed
	}
	w.depth++
	defer func() { w.depth-- }()
	k := sc.kustomization
	own := before
	for _, ref := range k.refs {
		if ref.role == roleResource {
			own = append(own, w.resource(k, ref)...)
		}
	}
	own = append(own, generatedBy(k)...)
	for _, to := range sc.refers {
		if to.ref.role == roleComponent {
			own = w.visit(to.dir, own)
		}
	}
	for _, o := range own {
		o.chain = append(o.chain, k)
	}
	w.count += len(own)
	return own
}

// maxBirths bounds the walk, which a diamond of overlays makes long.
const maxBirths = 200_000

// resource are the objects that a resource introduces, a folder or a file.
func (w *birthWalk) resource(k *kustomization, ref reference) []*born {
	at, err := w.snapshot.resolve(path.Join(k.dir, ref.text))
	if err != nil {
		return nil
	}
	if at.kind == Folder {
		return w.visit(at.path, nil)
	}
	blob, err := w.snapshot.blob(at.path)
	if err != nil {
		return nil
	}
	var all, listed []*born // the engine takes the items of Lists in after all else of a file
	for _, d := range w.snapshot.text(at.path, blob, roleResource).documents {
		for _, in := range d.introductions() {
			if in.node == deref(d.root) {
				all = append(all, &born{introduction: in})
			} else {
				listed = append(listed, &born{introduction: in})
			}
		}
	}
	return append(all, listed...)
}

// generatedBy are the objects that a kustomization's generators introduce:
// those that merge into one that is there do not.
func generatedBy(k *kustomization) []*born {
	var all []*born
	for _, in := range k.generators() {
		if !in.merges() {
			all = append(all, &born{introduction: in})
		}
	}
	return all
}

// introduce finds for each object of the build what introduced it.
func (b *Build) introduce() {
	births := b.births()
	for _, n := range births {
		n.name, n.namespace = n.ref.Name, n.ref.Namespace
		for _, k := range n.chain {
			n.name = scalar(entry(k.root, "namePrefix")) + n.name + scalar(entry(k.root, "nameSuffix"))
			if set := scalar(entry(k.root, "namespace")); set != "" {
				n.namespace = set
			}
		}
	}
	made := make([]*Object, len(b.Objects)) // in the order of births
	lines := make([]map[*document][]int, len(b.Objects))
	for _, o := range b.Objects {
		made[o.Made], lines[o.Made] = o, b.addresses.positions(o.Node)
	}
	given := b.givenNames()
	for i, j := range matched(len(made), len(births), func(i, j int) int { return births[j].like(made[i], lines[i], given) }) {
		if j < 0 {
			made[i].bear(nil, lines[i])
			continue
		}
		made[i].bear(births[j], lines[i])
		births[j].built = true
	}
	b.stillborn = slices.DeleteFunc(births, func(n *born) bool { return n.built })
	for _, o := range b.Objects {
		o.Documents = append(o.Documents, b.changes(o)...)
	}
}

// changes are the starts of what changed o on its way: the entries of
// generators that merged into it, and the patches.
func (b *Build) changes(o *Object) []Source {
	var all []Source
	patches := slices.Clone(b.patchesOf(o))
	for _, k := range o.chain {
		for _, in := range k.generators() {
			if in.merges() && in.ref.Kind == o.Ref.Kind && in.ref.Name == o.Origin.Name {
				all = append(all, in.source)
			}
		}
		patches = slices.DeleteFunc(patches, func(p *patch) bool {
			if p.in == k {
				all = append(all, p.sources(o)...)
			}
			return p.in == k
		})
	}
	for _, p := range patches {
		all = append(all, p.sources(o)...)
	}
	return all
}

// maxMatched bounds the table that matches objects with births.
const maxMatched = 4 << 20

// matched pairs n things with m others that come in the same order, some of
// them missing, so that they are as like as they can be: for each the index of
// its other, or -1. A likeness of 0 is none, and in order they are paired at
// once where each is more than kindAlone.
func matched(n, m int, like func(i, j int) int) []int {
	pairs := make([]int, n)
	inOrder := n == m
	for i := range pairs {
		pairs[i] = i
		inOrder = inOrder && like(i, i) > kindAlone
	}
	if inOrder {
		return pairs
	}
	if n*m > maxMatched {
		return slices.Repeat([]int{-1}, n)
	}
	likeness, best := make([]int, n*m), make([]int, (n+1)*(m+1)) // best is of what is left
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			likeness[i*m+j] = like(i, j)
			best[i*(m+1)+j] = max(best[(i+1)*(m+1)+j], best[i*(m+1)+j+1])
			if likeness[i*m+j] > 0 {
				best[i*(m+1)+j] = max(best[i*(m+1)+j], likeness[i*m+j]+best[(i+1)*(m+1)+j+1])
			}
		}
	}
	for i, j := 0, 0; i < n; {
		switch {
		case j < m && likeness[i*m+j] > 0 && best[i*(m+1)+j] == likeness[i*m+j]+best[(i+1)*(m+1)+j+1]:
			pairs[i] = j
			i, j = i+1, j+1
		case j < m && best[i*(m+1)+j] == best[i*(m+1)+j+1]:
			j++
		default:
			pairs[i] = -1
			i++
		}
	}
	return pairs
}

// bear notes what introduced o; nil where that is not known.
func (o *Object) bear(from *born, lines map[*document][]int) {
	o.Origin = o.Ref
	o.seen = map[*document]bool{}
	for d := range lines {
		o.seen[d] = true
	}
	if from == nil {
		return
	}
	o.made, o.chain = from.introduction, from.chain
	o.Origin = o.made.ref
	o.Documents = append(o.Documents, o.made.source)
	o.certain = o.made.keeps(lines)
}

// keeps reports whether lines, by document, are some of those of what
// introduces an object.
func (in *introduction) keeps(lines map[*document][]int) bool {
	return in.document != nil && slices.ContainsFunc(lines[in.document], func(line int) bool { return line >= in.node.Line && line <= in.end })
}

// like is how well an object of the build goes with a birth, 0 where not at all.
func (n *born) like(o *Object, lines map[*document][]int, given *givenNames) int {
	if n.ref.Kind != o.Ref.Kind && !given.kinds.to(o.Ref.Kind, n.ref) {
		return 0
	}
	score := kindAlone
	if n.document != nil && len(lines[n.document]) > 0 {
		score += 20
	}
	switch expected, built := n.name, o.Ref.Name; {
	case built == expected:
		score += 12
	case hashSuffix.MatchString(built) && hashSuffix.ReplaceAllString(built, "") == expected:
		score += 11
	case n.ref.Name == built:
		score += 10
	case given.names.to(built, n.ref):
		score += 8
	case n.ref.Name != "" && strings.Contains(built, n.ref.Name):
		score += 4
	}
	if score == kindAlone {
		return score // something gave it another name
	}
	score *= likelier
	if n.namespace == o.Ref.Namespace {
		score += 2 * likelier
	}
	if apiGroup(n.ref.APIVersion) == apiGroup(o.Ref.APIVersion) {
		score += likelier
	}
	return score
}

// kindAlone is how well an object goes with a birth that it has nothing but
// the kind in common with. All such pairs together weigh less than one of
// those that have more, which count in units of likelier.
const (
	kindAlone = 1
	likelier  = 1 << 20
)

func apiGroup(version string) string {
	group, _, _ := strings.Cut(version, "/")
	return group
}

// givenNames are the names and kinds that JSON patches give objects.
type givenNames struct{ names, kinds givenTo }

// givenTo are the targets of the patches that give objects a name, or a kind,
// by that name.
type givenTo map[string][]*target

// to reports whether an object that is named so before may be given a name.
func (g givenTo) to(name string, ref ObjectRef) bool {
	return slices.ContainsFunc(g[name], func(t *target) bool { return t.matches(ref) })
}

func (b *Build) givenNames() *givenNames {
	given := &givenNames{givenTo{}, givenTo{}}
	for _, p := range b.patches() {
		for _, op := range p.ops {
			switch value := scalar(child(op, "value")); scalar(child(op, "path")) {
			case "/metadata/name":
				given.names[value] = append(given.names[value], p.target)
			case "/kind":
				given.kinds[value] = append(given.kinds[value], p.target)
			}
		}
	}
	return given
}

// positions are the lines, by document, of the nodes at and below n that kept a
// position.
func (a *addresses) positions(n *yaml.Node) map[*document][]int {
	seen := map[*document][]int{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if d, line := a.find(n.Line); d != nil {
			seen[d] = append(seen[d], line)
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	return seen
}
