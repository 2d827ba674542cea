package overlay

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// guess is a place that may have set a lost scalar.
type guess struct {
	document *document
	node     *yaml.Node
	source   Source
	word     string
}

// byExperiment guesses that what was lost stands at the same field of the
// documents of its object, changes all the places guessed at once, and keeps
// as exact what followed. What the experiment cannot change, such as names and
// kinds, is kept as a guess.
func (e *explanation) byExperiment(ctx context.Context) {
	guesses := map[*yaml.Node]*guess{}
	places := map[*yaml.Node]*guess{} // by the node of the document
	for _, l := range e.lost {
		g := e.guess(l)
		if g == nil {
			continue
		}
		guesses[l.node] = g
		if earlier, ok := places[g.node]; ok {
			g.word = earlier.word
		} else if g.changeable(l.field) {
			g.word = fmt.Sprintf("kdn%07dx", len(places))
			places[g.node] = g
		}
	}
	var others []*yaml.Node
	if len(places) > 0 {
		others = e.again(ctx, newExperiment(e.build.snapshot, places))
	}
	if others == nil {
		others = make([]*yaml.Node, len(e.build.Objects))
		for i, o := range e.build.Objects {
			others[i] = o.Node // nothing follows
		}
	}
	e.each(others, func(l lost, other *yaml.Node) (Source, bool) {
		g := guesses[l.node]
		if g == nil {
			return e.fallback(l)
		}
		source := g.source
		source.How, source.Exact = HowObject, false
		if g.word != "" && strings.Contains(other.Value, g.word) {
			source.How, source.Exact = HowExperiment, !g.document.text.fixed
		}
		return source, true
	})
}

// guess finds the field in the documents of its object with the value built,
// or with a variable in it.
func (e *explanation) guess(l lost) *guess {
	o := e.build.Objects[l.object]
	if from, field := e.build.replacedBy(o, l.field); from != nil {
		return e.guessReplaced(from, field)
	}
	try := func(d *document, root *yaml.Node) *guess {
		n := lookup(root, l.field)
		if n == nil || n.Kind != yaml.ScalarNode {
			return nil
		}
		source := d.source(n)
		switch {
		case n.Value == l.node.Value, sameNumber(n.Value, l.node.Value):
		case strings.Contains(n.Value, "$("):
			source.By = ByVars
		case n.Value != "" && renamed(n.Value, l.node.Value, e.build.affixes()):
			source.By = ByName
		default:
			return nil
		}
		return &guess{document: d, node: n, source: source}
	}
	if name := l.field.String(); o.made != nil && o.made.document != nil && (name == "kind" || name == "apiVersion" || name == "metadata.name") {
		return try(o.made.document, o.made.node)
	}
	for _, d := range e.build.patchesOf(o) {
		if g := try(d, d.root); g != nil {
			return g
		}
	}
	if o.made != nil && o.made.document != nil {
		return try(o.made.document, o.made.node)
	}
	return nil
}

// guessReplaced is where the field that a replacement copies kept its position.
func (e *explanation) guessReplaced(from *Object, field Field) *guess {
	n := from.Lookup(field)
	if n.Kind != yaml.ScalarNode {
		return nil
	}
	d, line := e.build.addresses.find(n.Line)
	if d == nil {
		return nil
	}
	d.parse()
	at := d.places[place{line, n.Column}]
	if at == nil || at.node.Kind != yaml.ScalarNode {
		return nil
	}
	source := d.source(at.node)
	source.By = ByReplacement
	return &guess{document: d, node: at.node, source: source}
}

// changeable reports whether a word can stand for the scalar: not where
// patches and references find their object by it.
func (g *guess) changeable(field Field) bool {
	switch field.Last() {
	case "kind", "apiVersion", "name", "namespace":
		return false
	}
	return g.node.Tag == "!!str" && g.node.Anchor == "" && g.node.Value != ""
}

// fallback is the answer for what no document of the object says: the entry
// of the generator that made it.
func (e *explanation) fallback(l lost) (Source, bool) {
	o := e.build.Objects[l.object]
	if o.made == nil || o.made.generator == nil {
		return Source{}, false
	}
	return o.made.source, true
}

// experiment serves the documents of a build with words at chosen places.
type experiment struct {
	*serving
	places map[*document][]*guess
}

func newExperiment(s *Snapshot, places map[*yaml.Node]*guess) *experiment {
	x := &experiment{serving: s.newServing(lowAddress), places: map[*document][]*guess{}}
	for _, g := range places {
		x.places[g.document] = append(x.places[g.document], g)
	}
	x.serving.edit = x.text
	return x
}

// text is a text with its words, unpadded.
func (x *experiment) text(t *text) []byte {
	var out bytes.Buffer
	for _, d := range t.documents {
		out.Write(t.data[d.lead:d.start])
		guesses := x.places[d]
		if len(guesses) == 0 || d.root == nil {
			out.Write(d.bytes())
			continue
		}
		out.Write(d.withWords(guesses))
	}
	return out.Bytes()
}

// withWords puts the words in place of the scalars guessed. A scalar that
// takes more than a line keeps its text: nothing follows it then.
func (d *document) withWords(guesses []*guess) []byte {
	words := map[place]*guess{}
	for _, g := range guesses {
		words[place{g.node.Line, g.node.Column}] = g
	}
	lines := bytes.SplitAfter(d.bytes(), []byte("\n"))
	var out bytes.Buffer
	for i, line := range lines {
		rest, column := line, 1
		for len(rest) > 0 {
			if g := words[place{i + 1, column}]; g != nil {
				if length := writtenLength(rest, g.node); length > 0 {
					out.WriteString(`"` + g.word + `"`)
					column += utf8.RuneCount(rest[:length])
					rest = rest[length:]
					continue
				}
				if g.node.Style&yaml.LiteralStyle != 0 {
					if i+1 < len(lines) {
						lines[i+1] = intoFirstWord(lines[i+1], g.word)
					}
				}
			}
			_, size := utf8.DecodeRune(rest)
			out.Write(rest[:size])
			rest, column = rest[size:], column+1
		}
	}
	return out.Bytes()
}

// intoFirstWord puts a word before the text of a line.
func intoFirstWord(line []byte, word string) []byte {
	trimmed := bytes.TrimLeft(line, " ")
	if len(bytes.TrimSpace(trimmed)) == 0 {
		return line
	}
	indent := line[:len(line)-len(trimmed)]
	return append(append(append([]byte{}, indent...), word...), trimmed...)
}

// writtenLength is the number of bytes of a scalar at the start of text where
// it is written on one line as its value, else 0.
func writtenLength(text []byte, n *yaml.Node) int {
	written := n.Value
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		written = `"` + written + `"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		written = "'" + strings.ReplaceAll(written, "'", "''") + "'"
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 0
	}
	if strings.Contains(written, "\n") || !bytes.HasPrefix(text, []byte(written)) {
		return 0
	}
	return len(written)
}
