package overlay

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// introduction is the mapping that introduces an object: a document, an item
// of a List, or an entry of a generator.
type introduction struct {
	ref       ObjectRef
	source    Source
	document  *document  // nil for a generator's entry
	node      *yaml.Node // the object, or the generator's entry
	generator *kustomization
}

// introduce finds for each object of the build what introduced it: by the
// positions that it kept, else by its name.
func (b *Build) introduce() {
	introductions := b.introductions()
	for _, o := range b.Objects {
		seen := b.positions(o)
		o.made = pick(introductions, o, seen, b.affixes())
		if o.made != nil {
			o.Origin = o.made.ref
			o.Documents = append(o.Documents, o.made.source)
		} else {
			o.Origin = o.Ref
		}
		for _, segment := range b.addresses.segments {
			if seen[segment.document] > 0 && segment.document.text.role == rolePatch {
				o.Documents = append(o.Documents, segment.document.whole())
			}
		}
	}
}

// introductions are all that the files of the build introduce, in the order
// they were read.
func (b *Build) introductions() []*introduction {
	var all []*introduction
	for _, t := range b.served.texts {
		if t.role != roleResource {
			continue
		}
		for _, d := range t.documents {
			d.parse()
			for _, n := range d.objects() {
				all = append(all, &introduction{ref: refOf(n), source: d.source(n), document: d, node: n})
			}
		}
	}
	for _, k := range b.closure.kustomizations {
		for key, kind := range map[string]string{"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"} {
			for _, generator := range items(entry(k.root, key)) {
				name := entry(generator, "name")
				if name == nil {
					continue
				}
				ref := ObjectRef{APIVersion: "v1", Kind: kind, Name: name.Value, Namespace: scalar(entry(generator, "namespace"))}
				source := Source{Path: k.path, Line: name.Line, Column: name.Column, EndLine: name.Line, By: ByGenerator, How: HowObject}
				all = append(all, &introduction{ref: ref, source: source, node: generator, generator: k})
			}
		}
	}
	return all
}

// positions counts, by document, the nodes of o that kept a position in it.
func (b *Build) positions(o *Object) map[*document]int {
	seen := map[*document]int{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if d, _ := b.addresses.find(n.Line); d != nil {
			seen[d]++
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(o.Node)
	return seen
}

// pick chooses what introduced o.
func pick(all []*introduction, o *Object, seen map[*document]int, affixes []string) *introduction {
	var best *introduction
	bestScore := 0
	for _, in := range all {
		if in.ref.Kind != o.Ref.Kind {
			continue
		}
		score := 0
		if in.document != nil && seen[in.document] > 0 {
			score += 100
		}
		switch {
		case in.ref.Name == o.Ref.Name:
			score += 50
		case renamed(in.ref.Name, o.Ref.Name, affixes):
			score += 40
		default:
			if score == 0 || len(in.document.objects()) > 1 {
				continue
			}
		}
		if in.ref.Namespace == o.Ref.Namespace {
			score += 5
		}
		if apiGroup(in.ref.APIVersion) == apiGroup(o.Ref.APIVersion) {
			score += 2
		}
		if score > bestScore {
			best, bestScore = in, score
		}
	}
	return best
}

func apiGroup(version string) string {
	group, _, _ := strings.Cut(version, "/")
	return group
}

// hashSuffix is what the engine appends to the name of a generated object.
var hashSuffix = regexp.MustCompile(`^-[0-9a-z]{10}$`)

// renamed reports whether built is name with known prefixes before it, and
// known suffixes or a hash behind it.
func renamed(name, built string, affixes []string) bool {
	at := strings.Index(built, name)
	if at < 0 || name == "" {
		return false
	}
	prefix, suffix := built[:at], built[at+len(name):]
	return onlyAffixes(prefix, affixes) && (onlyAffixes(suffix, affixes) ||
		len(suffix) >= 11 && hashSuffix.MatchString(suffix[len(suffix)-11:]) && onlyAffixes(suffix[:len(suffix)-11], affixes))
}

func onlyAffixes(text string, affixes []string) bool {
	for text != "" {
		rest := text
		for _, affix := range affixes {
			if cut, ok := strings.CutPrefix(rest, affix); ok && affix != "" {
				rest = cut
			}
		}
		if rest == text {
			return false
		}
		text = rest
	}
	return true
}

// affixes are the prefixes and suffixes of names in the build's kustomizations.
func (b *Build) affixes() []string {
	var affixes []string
	for _, k := range b.closure.kustomizations {
		for _, key := range []string{"namePrefix", "nameSuffix"} {
			if value := scalar(entry(k.root, key)); value != "" {
				affixes = append(affixes, value)
			}
		}
	}
	return affixes
}

// objects are the objects of a document: itself, or the items of a List.
func (d *document) objects() []*yaml.Node {
	if d == nil || d.root == nil {
		return nil
	}
	if list := items(child(d.root, "items")); list != nil && strings.HasSuffix(scalar(child(d.root, "kind")), "List") {
		return append([]*yaml.Node{d.root}, list...)
	}
	return []*yaml.Node{d.root}
}

// whole is the source of a whole document.
func (d *document) whole() Source {
	d.parse()
	if d.root == nil {
		return Source{Path: d.text.path, Line: d.text.line + d.line, Column: 1, By: ByPatch, How: HowNode}
	}
	return d.source(d.root)
}
