package overlay

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/utils"
)

// A replacement writes into the node that it finds, which keeps the position
// of what stood there: no position of a field that one may have written is to
// be trusted, even where the value is the same.

// replacement is one entry of replacements.
type replacement struct {
	place   Source // of the entry
	source  replacementEnd
	targets []replacementEnd
}

// replacementEnd is a field of the objects selected.
type replacementEnd struct {
	kind, name string // "" for all
	steps      []string
}

// replacements are those of the build, from kustomizations, their files, and
// transformers.
func (b *Build) replacements() []replacement {
	b.replacing.Do(func() {
		for _, k := range b.closure.kustomizations {
			b.replaced = append(b.replaced, b.snapshot.replacementsOf(k.dir, entry(k.root, "replacements"), placedIn(k.path))...)
			for _, inline := range k.inlines {
				if inline.role == roleConfig {
					b.replaced = append(b.replaced, b.snapshot.replacementsIn(k.dir, []byte(inline.node.Value), k.placeOf(inline))...)
				}
			}
			for _, ref := range k.refs {
				// A folder of transformers lists them as its resources.
				if ref.role != roleConfig && ref.role != roleResource {
					continue
				}
				if data, err := b.snapshot.ReadFile(path.Join(k.dir, ref.text)); err == nil && strings.Contains(string(data), "ReplacementTransformer") {
					b.replaced = append(b.replaced, b.snapshot.replacementsIn(k.dir, data, inlinePlace{path: path.Join(k.dir, ref.text)})...)
				}
			}
		}
	})
	return b.replaced
}

// placedIn gives nodes of a whole file their place.
func placedIn(file string) func(*yaml.Node) Source { return inlinePlace{path: file}.of }

// replacementsIn are those of the transformers in a text.
func (s *Snapshot) replacementsIn(dir string, data []byte, at inlinePlace) []replacement {
	var all []replacement
	t := splitText(at.path, data, roleConfig)
	t.inlinePlace = at
	for _, d := range t.documents {
		d.parse()
		if d.root != nil && scalar(child(d.root, "kind")) == "ReplacementTransformer" {
			all = append(all, s.replacementsOf(dir, entry(d.root, "replacements"), d.source)...)
		}
	}
	return all
}

// replacementsOf reads a list of replacements, and the files that it names.
func (s *Snapshot) replacementsOf(dir string, list *yaml.Node, at func(*yaml.Node) Source) []replacement {
	var all []replacement
	for _, item := range items(list) {
		file := scalar(entry(item, "path"))
		if file == "" {
			all = append(all, readReplacement(item, at))
			continue
		}
		data, err := s.ReadFile(path.Join(dir, file))
		if err != nil {
			continue // the build has read it or has failed
		}
		var document yaml.Node
		if yaml.Unmarshal(data, &document) != nil || len(document.Content) == 0 {
			continue
		}
		root, in := document.Content[0], placedIn(path.Join(dir, file))
		if root.Kind != yaml.SequenceNode {
			all = append(all, readReplacement(root, in))
		}
		for _, item := range items(root) {
			all = append(all, readReplacement(item, in))
		}
	}
	return all
}

func readReplacement(n *yaml.Node, at func(*yaml.Node) Source) replacement {
	end := func(selector *yaml.Node, fieldPath string) replacementEnd {
		if fieldPath == "" {
			fieldPath = "metadata.name" // what the engine takes
		}
		return replacementEnd{scalar(entry(selector, "kind")), scalar(entry(selector, "name")), utils.SmarterPathSplitter(fieldPath, ".")}
	}
	source := entry(n, "source")
	place := at(n)
	place.By, place.How, place.Exact = ByReplacement, HowNode, true
	r := replacement{place: place, source: end(source, scalar(entry(source, "fieldPath")))}
	for _, target := range items(entry(n, "targets")) {
		paths := items(entry(target, "fieldPaths"))
		for _, fieldPath := range paths {
			r.targets = append(r.targets, end(entry(target, "select"), scalar(deref(fieldPath))))
		}
		if len(paths) == 0 {
			r.targets = append(r.targets, end(entry(target, "select"), ""))
		}
	}
	return r
}

// overwritable reports whether a replacement may have written n, a field of
// any object, or into the text of it. Which objects it selects is left out: a
// selection goes by patterns, labels and earlier names, and too many is safe.
func (b *Build) overwritable(field Field, n *yaml.Node) bool {
	return slices.ContainsFunc(b.replacements(), func(r replacement) bool {
		return slices.ContainsFunc(r.targets, func(to replacementEnd) bool {
			return to.meets(field) && (n.Kind == yaml.ScalarNode || len(to.steps) <= len(field))
		})
	})
}

// meets reports whether the end is the field, above it or below it.
func (e replacementEnd) meets(field Field) bool { return meets(e.steps, field) }

// selects reports whether the end names o plainly.
func (e replacementEnd) selects(o *Object) bool {
	return (e.kind == "" || e.kind == o.Ref.Kind) && (e.name == "" || e.name == o.Ref.Name || e.name == o.Origin.Name)
}

// replacedBy returns the object and field that the last replacement of a
// field of o copies from, as far as that is said plainly, and the entry that
// says so.
func (b *Build) replacedBy(o *Object, field Field) (from *Object, source Field, place Source) {
	for _, r := range b.replacements() {
		if !slices.ContainsFunc(r.targets, func(to replacementEnd) bool { return to.selects(o) && to.meets(field) }) {
			continue
		}
		for _, candidate := range b.Objects {
			if r.source.selects(candidate) && candidate.Lookup(r.source.steps) != nil {
				from, source, place = candidate, r.source.steps, r.place
			}
		}
	}
	return from, source, place
}

// variable matches a reference to a variable.
var variable = regexp.MustCompile(`\$\(([^()]+)\)`)

// variables are the entries that define the variables in a text, and the
// fields that those copy.
func (b *Build) variables(text string) []Source {
	var all []Source
	for _, match := range variable.FindAllStringSubmatch(text, -1) {
		for _, k := range b.closure.kustomizations {
			for _, v := range items(entry(k.root, "vars")) {
				if scalar(entry(v, "name")) != match[1] {
					continue
				}
				place := placedIn(k.path)(deref(v))
				place.By, place.How, place.Exact = ByVars, HowNode, true
				all = append(all, place)
				ref := entry(v, "objref")
				end := replacementEnd{kind: scalar(entry(ref, "kind")), name: scalar(entry(ref, "name"))}
				field := utils.SmarterPathSplitter(cmp.Or(scalar(entry(entry(v, "fieldref"), "fieldpath")), "metadata.name"), ".")
				for _, o := range b.Objects {
					if end.selects(o) {
						all = append(all, b.layers(o, field)...)
					}
				}
			}
		}
	}
	return all
}
