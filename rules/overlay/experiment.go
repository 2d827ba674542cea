package overlay

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxExperiments bounds the builds that guesses may cost one overlay.
const maxExperiments = 10

// byExperiment puts a word before each scalar that is guessed to have set a
// lost one, all at once, and keeps as exact what follows. An object that comes
// out otherwise, since patches no longer find what they look for, says nothing:
// the guesses about it are tried again in halves.
func (e *explanation) byExperiment(ctx context.Context) {
	left := maxExperiments
	for round := 0; left > 0 && ctx.Err() == nil; round++ {
		var tries []try
		for _, l := range e.lost {
			if all := e.guesses(l); round < len(all) {
				tries = append(tries, try{l, all[round]})
			}
		}
		if len(tries) == 0 {
			return
		}
		// What things are found by is kept apart from the rest.
		names := func(t try) bool { return t.field.named() || len(t.spots) > 1 }
		for _, some := range [][]try{slices.DeleteFunc(slices.Clone(tries), names), slices.DeleteFunc(tries, func(t try) bool { return !names(t) })} {
			e.experiment(ctx, some, &left)
		}
	}
}

// try is a guess about a lost scalar.
type try struct {
	lost
	guess
}

// experiment tries guesses in one build, and in halves of them those about
// objects that come out otherwise than by the words alone. left is how many
// builds it may take.
func (e *explanation) experiment(ctx context.Context, tries []try, left *int) {
	words, others := e.withWords(ctx, tries, left, func(t try) []spot { return t.spots })
	one := !slices.ContainsFunc(words, func(w string) bool { return w != words[0] })
	followed := map[*yaml.Node]Source{}
	pairs := e.pair(others)
	var again, keys []try
	for i, t := range tries {
		switch {
		case !one && (others == nil || !alike(e.build.Objects[t.object].Node, others[t.object])):
			again = append(again, t)
		case others == nil || words[i] == "" || !strings.Contains(pairs.valueOf(t.lost), words[i]):
		case len(t.spots) > 1:
			keys = append(keys, t)
		default:
			followed[t.node] = t.confirmed(t.spots[0])
		}
	}
	e.keys(ctx, keys, followed, left)
	e.each(func(l lost) (Source, bool) {
		source, ok := followed[l.node]
		return source, ok
	})
	if len(again) > 0 {
		half := len(again) / 2
		e.experiment(ctx, again[:half], left)
		e.experiment(ctx, again[half:], left)
	}
}

// keys tells of what is found by its value, such as an item by a patch, which of
// the places that say it sets it: the first, if it shows where it alone is
// changed, so that nothing finds it; else the list is the last patch's own.
func (e *explanation) keys(ctx context.Context, tries []try, followed map[*yaml.Node]Source, left *int) {
	words, others := e.withWords(ctx, tries, left, func(t try) []spot { return t.spots[:1] })
	for i, t := range tries {
		if others == nil || words[i] == "" {
			continue
		}
		if last := t.spots[len(t.spots)-1]; last.document.text.role == rolePatch {
			followed[t.node] = t.confirmed(last)
		}
		eachScalar(others[t.object], nil, func(_ Field, n *yaml.Node) {
			if strings.Contains(n.Value, words[i]) {
				followed[t.node] = t.confirmed(t.spots[0])
			}
		})
	}
}

// confirmed is the source of a guess that was seen to come from one of its spots.
func (t try) confirmed(at spot) Source {
	source := at.document.source(at.node)
	if len(t.spots) == 1 {
		source.By = t.source.By
	}
	source.Via, source.How = t.source.Via, HowExperiment
	return source
}

// withWords builds with words at the spots of guesses, for each the word: "" for
// one whose spots have several. There are no objects where it does not build,
// or where no builds are left.
func (e *explanation) withWords(ctx context.Context, tries []try, left *int, at func(try) []spot) (words []string, others []*yaml.Node) {
	if len(tries) == 0 || *left == 0 || ctx.Err() != nil {
		return make([]string, len(tries)), nil
	}
	*left--
	x := &experiment{serving: e.build.snapshot.newServing(lowAddress), words: map[*document]map[*yaml.Node]string{}}
	x.serving.edit = x.text
	for _, t := range tries {
		words = append(words, x.word(at(t)))
	}
	return words, e.again(ctx, x)
}

// experiment serves the documents of a build with words before chosen scalars.
type experiment struct {
	*serving
	count int
	words map[*document]map[*yaml.Node]string
}

// word is the word before spots: one that they have already, else a new one;
// "" where they have different ones.
func (x *experiment) word(spots []spot) string {
	word := ""
	for _, s := range spots {
		if had := x.words[s.document][s.node]; had != "" && word != "" && had != word {
			return ""
		} else if had != "" {
			word = had
		}
	}
	if word == "" {
		word = fmt.Sprintf("kdn%07dx", x.count)
		x.count++
	}
	for _, s := range spots {
		if x.words[s.document] == nil {
			x.words[s.document] = map[*yaml.Node]string{}
		}
		x.words[s.document][s.node] = word
	}
	return word
}

// text is a text with its words, unpadded.
func (x *experiment) text(t *text) []byte {
	var out bytes.Buffer
	for _, d := range t.documents {
		out.Write(t.data[d.lead:d.start])
		out.Write(d.withWords(x.words[d]))
	}
	return out.Bytes()
}

// withWords is the document with words before its scalars.
func (d *document) withWords(words map[*yaml.Node]string) []byte {
	text := d.bytes()
	type insertion struct {
		at   int
		word string
	}
	var insertions []insertion
	for n, word := range words {
		if at, ok := textOf(text, n); ok {
			if n.Value == "" && n.Style == 0 {
				word = " " + word // a null that is not written
			}
			insertions = append(insertions, insertion{at, word})
		}
	}
	slices.SortFunc(insertions, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var out bytes.Buffer
	from := 0
	for _, i := range insertions {
		out.Write(text[from:i.at])
		out.WriteString(i.word)
		from = i.at
	}
	out.Write(text[from:])
	return out.Bytes()
}

// nodeProperties are an anchor and a tag before a scalar.
var nodeProperties = regexp.MustCompile(`^([&!][^ \n]* +)+`)

// textOf is the offset in a text where a scalar's own text begins: behind its
// anchor and its quote, and in a block on the first line that holds something.
func textOf(text []byte, n *yaml.Node) (int, bool) {
	offset, ok := offsetOf(text, n.Line, n.Column)
	if !ok || n.Style&yaml.TaggedStyle != 0 {
		return 0, false
	}
	offset += len(nodeProperties.Find(text[offset:]))
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return offset + 1, true
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		first := true
		for line := range bytes.Lines(text[offset:]) {
			if content := bytes.TrimLeft(line, " "); !first && len(bytes.TrimSpace(content)) > 0 {
				return offset + len(line) - len(content), true
			}
			offset += len(line)
			first = false
		}
		return 0, false
	case n.Value == "":
		return offset, bytes.HasSuffix(bytes.TrimRight(text[:offset], " "), []byte(":"))
	}
	return offset, true
}
