package overlay

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// In a build of tokens each value of the kustomizations, of the JSON patches
// and of the files that become data is replaced by a word that stands nowhere
// else. Wherever a word comes out, the value that it stands for went in.

// token is what one word stands for.
type token struct {
	source   Source
	original string // the value; for a file its content
	tag      bool   // of an image, where a digest may stand behind it
}

// tokens serves the files of a build with words for values.
type tokens struct {
	serving *serving
	all     []token
	files   map[string][]byte // as served, by path
	// shy leaves alone what later patches may select by: names and namespaces.
	shy bool
}

// firstNumber is where the words that must be numbers start: within int32,
// and above what anybody writes for a number of replicas.
const firstNumber = 730_000_000

var tokenWord = regexp.MustCompile(`kdn([0-9]{7})x`)

func (t *tokens) word(source Source, original string) string {
	source.How, source.Exact = HowToken, true
	t.all = append(t.all, token{source: source, original: original})
	return fmt.Sprintf("kdn%07dx", len(t.all)-1)
}

// in returns the tokens that came out in a value, in the order they stand.
func (t *tokens) in(n *yaml.Node) []token {
	value := n.Value
	found := t.words(value)
	if len(found) == 0 && len(value) >= 16 {
		if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
			found = t.words(string(decoded))
		}
	}
	if number, err := strconv.Atoi(value); err == nil && number >= firstNumber && number < firstNumber+len(t.all) {
		found = append(found, t.all[number-firstNumber])
	}
	return found
}

func (t *tokens) words(value string) []token {
	if !strings.Contains(value, "kdn") {
		return nil
	}
	var found []token
	for _, match := range tokenWord.FindAllStringSubmatch(value, -1) {
		if i, err := strconv.Atoi(match[1]); err == nil && i < len(t.all) {
			found = append(found, t.all[i])
		}
	}
	return found
}

// serve gives the engine a file of the tree in words.
func (t *tokens) serve(name string, b *blob) []byte {
	if data, ok := t.files[name]; ok {
		return data
	}
	data := t.file(name, b)
	t.files[name] = data
	return data
}

func (t *tokens) file(name string, b *blob) []byte {
	if slices.Contains(kustomizationNames, path.Base(name)) {
		k := t.serving.snapshot.parsed(name, b)
		t.serving.note(k)
		if k.root == nil {
			return b.data
		}
		return t.kustomization(k, b)
	}
	switch r, ok := t.serving.uses[name]; {
	case !ok, t.serving.shared[name]:
	case r == roleData:
		return []byte(t.word(Source{Path: name, Line: 1, Column: 1, EndLine: 1 + bytes.Count(bytes.TrimSuffix(b.data, []byte("\n")), []byte("\n")), By: ByGenerator}, string(b.data)))
	case r == roleEnv:
		return t.env(name, b.data)
	case r == rolePatch:
		if ops := jsonOps(b.data); ops != nil {
			return t.patchText(ops, func(n *yaml.Node) Source {
				return Source{Path: name, Line: n.Line, Column: n.Column, EndLine: endLine(n)}
			})
		}
	case r == roleConfig:
		return t.config(name, b.data)
	}
	return b.data
}

// env replaces the values of key=value lines.
func (t *tokens) env(name string, data []byte) []byte {
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		value = strings.TrimSuffix(value, "\r")
		source := Source{Path: name, Line: i + 1, Column: len([]rune(key)) + 2, EndLine: i + 1, By: ByGenerator}
		lines[i] = key + "=" + t.word(source, value)
	}
	return []byte(strings.Join(lines, "\n"))
}

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
		eachEntry(mapping, func(_ string, value *yaml.Node) { set(value, by) })
	}
	if !t.shy {
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
		if name := entry(image, "newName"); !t.shy && name != nil && !t.chained(name.Value, root) {
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
		for _, generator := range items(entry(root, key)) {
			t.generator(generator, at)
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

func (t *tokens) generator(generator *yaml.Node, at func(*yaml.Node, string) Source) {
	for _, literal := range items(entry(generator, "literals")) {
		if key, value, ok := strings.Cut(literal.Value, "="); ok {
			setWord(literal, key+"="+t.word(at(literal, ByGenerator), strings.Trim(value, `"'`)))
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
		replaceInline(k.root, root, inline, string(t.patchText(ops, k.placeOf(inline).of)))
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

func setWord(n *yaml.Node, word string) {
	n.Value, n.Tag, n.Style = word, "!!str", yaml.DoubleQuotedStyle
}

// jsonOps returns the list of operations of a JSON patch, nil for any other text.
func jsonOps(data []byte) *yaml.Node {
	var document yaml.Node
	if yaml.Unmarshal(data, &document) != nil || len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode {
		return nil
	}
	return document.Content[0]
}

// patchText prints a JSON patch with words for its values. Tests are left
// out: they would not find what they expect.
func (t *tokens) patchText(ops *yaml.Node, at func(*yaml.Node) Source) []byte {
	kept := *clone(ops)
	kept.Content = nil
	for _, op := range clone(ops).Content {
		if scalar(child(op, "op")) == "test" {
			continue
		}
		kept.Content = append(kept.Content, op)
		target := scalar(child(op, "path"))
		if t.shy && (strings.HasPrefix(target, "/metadata/name") || target == "/kind" || target == "/apiVersion") {
			continue
		}
		if value := child(op, "value"); value != nil {
			eachScalar(value, nil, func(_ Field, n *yaml.Node) {
				if n.Tag == "!!null" {
					return
				}
				source := at(n)
				source.By = ByJSONPatch
				setWord(n, t.word(source, n.Value))
			})
		}
	}
	data, err := yaml.Marshal(&kept)
	if err != nil {
		return nil
	}
	return data
}

// configKeys are the keys of builtin transformers whose values come out as
// they are, with what that makes of them.
var configKeys = map[string]string{
	"labels": ByLabels, "annotations": ByAnnotations, "imageTag": ByImages, "prefix": ByName, "suffix": ByName,
}

// config replaces the values in the file of a transformer.
func (t *tokens) config(name string, data []byte) []byte {
	text := splitText(name, data, roleConfig)
	var out bytes.Buffer
	for _, d := range text.documents {
		d.parse()
		if d.root == nil {
			continue
		}
		root := clone(d.root)
		eachPair(root, func(key, value *yaml.Node) {
			by, ok := configKeys[key.Value]
			if !ok || t.shy && by == ByName {
				return
			}
			set := func(n *yaml.Node) {
				source := d.source(n)
				source.By = by
				setWord(n, t.word(source, n.Value))
			}
			if value.Kind == yaml.ScalarNode {
				set(value)
			}
			if value.Kind == yaml.MappingNode {
				eachPair(value, func(key, value *yaml.Node) {
					if value.Kind == yaml.ScalarNode && key.Value != "name" && (key.Value != "newName" || !t.shy) {
						set(value)
					}
				})
			}
		})
		printed, err := yaml.Marshal(root)
		if err != nil {
			return data
		}
		out.WriteString("---\n")
		out.Write(printed)
	}
	return out.Bytes()
}

// endLine is the last line of a node.
func endLine(n *yaml.Node) int {
	last := n.Line
	if n.Kind == yaml.ScalarNode {
		switch breaks := strings.Count(n.Value, "\n"); {
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			last += max(strings.Count(strings.TrimRight(n.Value, "\n"), "\n")+1, breaks)
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0:
			last += breaks
		}
	}
	for _, c := range n.Content {
		last = max(last, endLine(c))
	}
	return last
}

func (t *tokens) over(fsys *treeFS) { t.serving.over(fsys) }
