package overlay

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kustomization replaces the values of a kustomization.
func (t *tokens) kustomization(k *kustomization, b *blob) []byte {
	root := clone(k.root)
	at := func(n *yaml.Node, by string) Source {
		return Source{Path: k.path, Line: n.Line, Column: n.Column, EndLine: endLine(n), By: by}
	}
	entryAt := func(n *yaml.Node, by string, of *yaml.Node) Source {
		source := at(n, by)
		source.Entry = scalar(entry(of, "name"))
		return source
	}
	set := func(n *yaml.Node, by string) {
		if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
			setWord(n, t.word(at(n, by), n.Value))
		}
	}
	eachIn := func(mapping *yaml.Node, by string) {
		eachEntry(mapping, func(_ string, value *yaml.Node) {
			if set(value, by); value.Value == "" && value.Tag == "!!str" {
				setWord(value, t.word(at(value, by), ""))
			}
		})
	}
	bold := t.bold(k)
	if bold {
		if n := entry(root, "namespace"); n != nil {
			set(n, ByNamespace)
		}
		if n := entry(root, "namePrefix"); n != nil && n.Value != "" {
			setWord(n, t.word(at(n, ByName), n.Value)+"-")
		}
		if n := entry(root, "nameSuffix"); n != nil && n.Value != "" {
			setWord(n, "-"+t.word(at(n, ByName), n.Value))
		}
	}
	eachIn(entry(root, "commonLabels"), ByLabels)
	eachIn(entry(root, "commonAnnotations"), ByAnnotations)
	for _, label := range items(entry(root, "labels")) {
		eachIn(entry(label, "pairs"), ByLabels)
	}
	for _, image := range items(entry(root, "images")) {
		set := func(n *yaml.Node) {
			if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
				setWord(n, t.word(entryAt(n, ByImages, image), n.Value))
			}
		}
		if tag := entry(image, "newTag"); tag != nil && tag.Value != "" {
			set(tag)
			t.all[len(t.all)-1].tag = true
		}
		set(entry(image, "digest"))
		if name := entry(image, "newName"); bold && name != nil && !t.chained(name.Value, root) {
			set(name)
		}
	}
	for _, r := range items(entry(root, "replacements")) {
		set(entry(r, "sourceValue"), ByReplacement)
	}
	for _, replicas := range items(entry(root, "replicas")) {
		if n := entry(replicas, "count"); n != nil && n.Value != "" {
			t.word(entryAt(n, ByReplicas, replicas), n.Value)
			n.Value = strconv.Itoa(firstNumber + len(t.all) - 1)
		}
	}
	for _, key := range []string{"configMapGenerator", "secretGenerator"} {
		originals := items(entry(k.root, key))
		for i, generator := range items(entry(root, key)) {
			t.generator(generator, deref(originals[i]), at)
			t.name(entry(generator, "name"), at)
			set(entry(generator, "type"), ByGenerator)
			eachIn(entry(entry(generator, "options"), "labels"), ByGenerator)
			eachIn(entry(entry(generator, "options"), "annotations"), ByGenerator)
		}
	}
	eachIn(entry(entry(root, "generatorOptions"), "labels"), ByGenerator)
	eachIn(entry(entry(root, "generatorOptions"), "annotations"), ByGenerator)
	t.inline(k, root)
	data, err := yaml.Marshal(root)
	if err != nil {
		return b.data
	}
	return data
}

// chained reports whether an entry of any kustomization of the build takes up
// the name that another gives an image.
func (t *tokens) chained(newName string, root *yaml.Node) bool {
	for _, k := range append(slices.Clone(t.serving.kustomizations), &kustomization{root: root}) {
		for _, image := range items(entry(k.root, "images")) {
			if name := scalar(entry(image, "name")); name == newName || strings.ContainsAny(name, "*[(|") {
				return true
			}
		}
	}
	return false
}

// name replaces the name of a generator by its word.
func (t *tokens) name(n *yaml.Node, at func(*yaml.Node, string) Source) {
	if t.names == nil || n == nil {
		return
	}
	word, ok := t.names[n.Value]
	if !ok {
		word = t.word(at(n, ByGenerator), n.Value)
		t.names[n.Value] = word
	}
	setWord(n, word)
}

// generator replaces the values of a generator's literals; its files are
// replaced when they are served.
func (t *tokens) generator(generator, original *yaml.Node, at func(*yaml.Node, string) Source) {
	for _, literal := range items(entry(generator, "literals")) {
		if key, value, ok := strings.Cut(literal.Value, "="); ok {
			setWord(literal, key+"="+t.word(at(literal, ByGenerator), strings.Trim(value, `"'`)))
			t.all[len(t.all)-1].generator = original
		}
	}
}

// inline replaces the values in the JSON patches inside a kustomization.
func (t *tokens) inline(k *kustomization, root *yaml.Node) {
	for _, inline := range k.inlines {
		if inline.role != rolePatch || inline.owner == nil {
			continue
		}
		ops := jsonOps([]byte(inline.node.Value))
		if ops == nil {
			continue
		}
		replaceInline(k.root, root, inline, string(t.patchText(ops, t.bold(k), k.placeOf(inline).of)))
	}
}

// replaceInline gives the copy of a kustomization another text for an inline.
func replaceInline(original, copied *yaml.Node, inline inlineText, text string) {
	for i, c := range original.Content {
		if c == inline.node {
			copied.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
			continue
		}
		replaceInline(c, copied.Content[i], inline, text)
	}
}
