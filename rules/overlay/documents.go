package overlay

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// introduction is the mapping that introduces an object: a document, an item
// of a List, or an entry of a generator.
type introduction struct {
	ref       ObjectRef
	source    Source
	document  *document  // nil for a generator's entry
	node      *yaml.Node // the object, or the generator's entry
	end       int        // the last line of node
	generator *kustomization
}

// introductions are all that the files served for the build introduce, in the
// order they were read.
func (b *Build) introductions() []*introduction {
	var all []*introduction
	for _, t := range b.served.texts {
		if t.role != roleResource {
			continue
		}
		for _, d := range t.documents {
			all = append(all, d.introductions()...)
		}
	}
	for _, k := range b.closure.kustomizations {
		all = append(all, k.generators()...)
	}
	return all
}

// introductions are the objects that a document holds.
func (d *document) introductions() []*introduction {
	d.parse()
	var all []*introduction
	for _, n := range d.objects() {
		n = deref(n)
		all = append(all, &introduction{ref: refOf(n), source: d.source(n), document: d, node: n, end: endLine(n)})
	}
	return all
}

// generators are the entries of a kustomization that generate objects.
func (k *kustomization) generators() []*introduction {
	var all []*introduction
	for _, kind := range []string{"ConfigMap", "Secret"} {
		for _, generator := range items(entry(k.root, kind+"Generator")) {
			generator = deref(generator)
			name := entry(generator, "name")
			if name == nil {
				continue
			}
			ref := ObjectRef{APIVersion: "v1", Kind: kind, Name: name.Value, Namespace: scalar(entry(generator, "namespace"))}
			source := Source{Path: k.path, Line: name.Line, Column: name.Column, EndLine: name.Line, By: ByGenerator, How: HowObject}
			all = append(all, &introduction{ref: ref, source: source, node: generator, generator: k})
		}
	}
	return all
}

// sources are the starts of a patch's documents for an object.
func (p *patch) sources(o *Object) []Source {
	if len(p.ops) > 0 {
		source := p.operation(p.ops[0])
		source.EndLine = p.at(p.ops[len(p.ops)-1]).EndLine
		return []Source{source}
	}
	var all []Source
	for _, d := range p.merges {
		if p.target != nil || d.names(o) || o.seen[d] {
			all = append(all, d.whole())
		}
	}
	return all
}

// matches reports whether a target means the object that is named so before
// anything changes it. No target means none.
func (t *target) matches(ref ObjectRef) bool {
	return t != nil && t.regex.MatchName(ref.Name) && (t.selector.Kind == "" || t.regex.MatchGvk(resid.Gvk{Group: t.selector.Group, Version: t.selector.Version, Kind: ref.Kind}))
}

// hashSuffix is what the engine appends to the name of a generated object.
var hashSuffix = regexp.MustCompile(`-[0-9a-z]{10}$`)

// renamed reports whether built is name with known prefixes before it, and
// known suffixes or a hash behind it.
func renamed(name, built string, affixes []string) bool {
	at := strings.Index(built, name)
	if at < 0 || name == "" {
		return false
	}
	prefix, suffix := built[:at], built[at+len(name):]
	return onlyAffixes(prefix, affixes) &&
		(onlyAffixes(suffix, affixes) || hashSuffix.MatchString(suffix) && onlyAffixes(hashSuffix.ReplaceAllString(suffix, ""), affixes))
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
	if list := child(d.root, "items"); list != nil && strings.HasSuffix(scalar(child(d.root, "kind")), "List") {
		return items(list)
	}
	return []*yaml.Node{d.root}
}

// whole is the source of a whole document.
func (d *document) whole() Source {
	d.parse()
	if d.root == nil {
		return d.source(&yaml.Node{Line: 1, Column: 1})
	}
	return d.source(d.root)
}
