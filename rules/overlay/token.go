package overlay

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// In a build of tokens each value of the kustomizations, of the JSON patches
// and of the files that become data is replaced by a word that stands nowhere
// else. Wherever a word comes out, the value that it stands for went in.

// token is what one word stands for.
type token struct {
	source    Source
	original  string     // the value; for a file its content
	tag       bool       // of an image, where a digest may stand behind it
	generator *yaml.Node // the generator's entry, of data
}

// tokens serves the files of a build with words for values.
type tokens struct {
	serving *serving
	all     []token
	files   map[string][]byte           // as served, by path
	users   map[string][]*kustomization // by path of the file
	// worded picks the kustomizations whose values, and whose files, are words.
	worded func(*kustomization) bool
	// bold picks the kustomizations whose names and namespaces are words too,
	// by which later patches may look for an object.
	bold func(*kustomization) bool
	// names are the words for the names of generators, one for each name; nil
	// where they stay as they are.
	names map[string]string
}

// cameInto reports whether a built value holds the original of a word.
func (t token) cameInto(n *yaml.Node) bool {
	if t.original == "" {
		return n.Value == "" || n.Tag == "!!null"
	}
	value := strings.ReplaceAll(n.Value, "\n", "") // base64 is printed in lines
	return strings.Contains(n.Value, t.original) || n.Tag == "!!null" && slices.Contains([]string{"~", "null"}, t.original) ||
		strings.Contains(value, base64.StdEncoding.EncodeToString([]byte(t.original))) || sameNumber(n.Value, t.original) || sameFloat(n, t.original)
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseInt(a, 0, 64)
	y, errY := strconv.ParseInt(b, 0, 64)
	return errX == nil && errY == nil && x == y
}

// sameFloat reports whether a built number is another as the engine prints it:
// 1.0 as 1, 2000000000 as 2e+09.
func sameFloat(n *yaml.Node, text string) bool {
	x, errX := strconv.ParseFloat(n.Value, 64)
	y, errY := strconv.ParseFloat(text, 64)
	return (n.Tag == "!!int" || n.Tag == "!!float") && errX == nil && errY == nil && x == y
}

// chosen is the source among the tokens of one value: of an image the tag
// before the digest before the name, else the first; the others are Via.
func chosen(found []token) Source {
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

// firstNumber is where the words that must be numbers start: within int32,
// and above what anybody writes for a number of replicas.
const firstNumber = 730_000_000

var tokenWord = regexp.MustCompile(`kdn([0-9]{7})x`)

func (t *tokens) word(source Source, original string) string {
	source.How, source.Exact = HowToken, true
	t.all = append(t.all, token{source: source, original: original})
	return fmt.Sprintf("kdn%07dx", len(t.all)-1)
}

// imageWord is an image with a word for its tag or digest: by its name entries
// of images find it, which set what stands behind that.
func (t *tokens) imageWord(source Source, image string) string {
	name := imageName(image)
	said := strings.TrimLeft(strings.TrimPrefix(image, name), ":@")
	word := t.word(source, cmp.Or(said, image))
	t.all[len(t.all)-1].tag = said != ""
	return name + ":" + word
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
		k := t.serving.snapshot.parsed(name, name, b)
		t.note(k)
		if k.root == nil || !t.worded(k) {
			return b.data
		}
		return t.kustomization(k, b)
	}
	users := t.users[name]
	bold := slices.ContainsFunc(users, t.bold)
	switch r, ok := t.serving.uses[name]; {
	case !ok, t.serving.shared[name], slices.ContainsFunc(users, func(k *kustomization) bool { return !t.worded(k) }):
	case r == roleData:
		return t.data(name, b.data)
	case r == roleEnv:
		return t.env(name, b.data)
	case r == rolePatch:
		if ops := jsonOps(b.data); ops != nil {
			return t.patchText(ops, bold, func(n *yaml.Node) Source {
				return Source{Path: name, Line: n.Line, Column: n.Column, EndLine: endLine(n)}
			})
		}
	case r == roleConfig:
		return t.config(name, b.data, bold)
	}
	return b.data
}

// note notes what the files that a kustomization names are for, and that it is
// one of those that use them.
func (t *tokens) note(k *kustomization) {
	t.serving.note(k)
	for _, ref := range k.refs {
		if at, err := t.serving.snapshot.resolve(path.Join(k.dir, ref.text)); err == nil {
			t.users[at.path] = append(t.users[at.path], k)
		}
	}
}

// data replaces a file that becomes one value. What is no text stays none.
func (t *tokens) data(name string, data []byte) []byte {
	lines := bytes.Count(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	word := []byte(t.word(Source{Path: name, Line: 1, Column: 1, EndLine: 1 + lines, By: ByGenerator}, string(data)))
	if !utf8.Valid(data) {
		word = append(word, 0xff)
	}
	return word
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

// untested copies a JSON patch without its tests, which do not find in other
// words what they expect.
func untested(ops *yaml.Node) *yaml.Node {
	kept := clone(ops)
	kept.Content = slices.DeleteFunc(kept.Content, func(op *yaml.Node) bool { return scalar(child(op, "op")) == "test" })
	return kept
}

// patchText prints a JSON patch with words for its values.
func (t *tokens) patchText(ops *yaml.Node, bold bool, at func(*yaml.Node) Source) []byte {
	kept := untested(ops)
	for _, op := range kept.Content {
		target := scalar(child(op, "path"))
		if !bold && (strings.HasPrefix(target, "/metadata/name") || target == "/kind" || target == "/apiVersion") {
			continue
		}
		if value := child(op, "value"); value != nil {
			eachScalar(value, nil, func(field Field, n *yaml.Node) {
				source := at(n)
				source.By = ByJSONPatch
				if append(Field{path.Base(target)}, field...).Last() == "image" {
					setWord(n, t.imageWord(source, n.Value))
					return
				}
				setWord(n, t.word(source, n.Value))
			})
		}
	}
	data, err := yaml.Marshal(kept)
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
func (t *tokens) config(name string, data []byte, bold bool) []byte {
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
			if !ok || !bold && by == ByName {
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
					if value.Kind == yaml.ScalarNode && key.Value != "name" && (key.Value != "newName" || bold) {
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
