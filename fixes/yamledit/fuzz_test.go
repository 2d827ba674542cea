package yamledit_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// texts are what the seeds write: plain, to be quoted, and with breaks.
var texts = []string{"kustodian", "yes", "a: b", "it's # no comment", "", "{x}", "1\n2", "ä\u0085\u2028🙂", `\"`}

// FuzzParse reads any text: it never panics, and where it is read its spans
// nest, stand in order, and say what the parser says. No edit makes no change.
func FuzzParse(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := yamledit.Parse(src)
		if err != nil {
			typedError(t, err)
			return
		}
		result, err := file.Apply()
		if err != nil || !bytes.Equal(result.Bytes, src) || len(result.Splices) > 0 {
			t.Fatalf("no edit makes %q, %v", result.Bytes, err)
		}
		for doc, at := 0, 0; doc < file.Documents(); doc++ {
			root, err := file.Lookup(doc, nil)
			if err != nil {
				continue
			}
			checkSpans(t, src, root, at, len(src))
			_, at = yamledit.SpanOf(root)
		}
	})
}

// checkSpans holds that a node and all below it stand between two bytes, one
// after the other.
func checkSpans(t *testing.T, src []byte, n *yamledit.Node, from, to int) {
	t.Helper()
	start, end := yamledit.SpanOf(n)
	if start < from || end < start || end > to {
		t.Fatalf("line %d: a node has the bytes %d to %d of %d to %d", n.Line, start, end, from, to)
	}
	text := string(src[start:end])
	style := yamledit.StyleOf(n)
	ok := true
	switch {
	case n.Kind == yamledit.AliasNode:
		ok = text == "*"+n.Value
	case style == "flow":
		ok = strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") || strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}")
	case style == "plain":
		ok = folded(text) == n.Value
	case style == "single":
		ok = strings.HasSuffix(text, "'") && strings.HasPrefix(text, "'")
	case style == "double":
		ok = strings.HasSuffix(text, `"`) && strings.HasPrefix(text, `"`)
	case style == "literal" || style == "folded":
		ok = strings.HasPrefix(text, "|") || strings.HasPrefix(text, ">")
	}
	if !ok {
		t.Fatalf("line %d: %q is not the text of %q", n.Line, text, n.Value)
	}
	if style == "single" || style == "double" {
		checkQuoted(t, text, n.Value)
	}
	for _, child := range n.Children {
		checkSpans(t, src, child, start, end)
		_, start = yamledit.SpanOf(child)
	}
}

// checkQuoted holds that a quoted text read alone is the value.
func checkQuoted(t *testing.T, text, value string) {
	t.Helper()
	documents, err := trees([]byte(text))
	if err != nil || len(documents) != 1 || documents[0] == nil {
		return // its later lines begin like a marker of documents
	}
	if got := documents[0].Value; got != value {
		t.Fatalf("%q reads as %q, want %q", text, got, value)
	}
}

var breaks = regexp.MustCompile("\r\n|\n|\r|\u0085|\u2028|\u2029")

// folded is what a plain text over several lines reads as.
func folded(text string) string {
	var b strings.Builder
	blank := 0
	for i, line := range breaks.Split(text, -1) {
		line = strings.Trim(line, " \t")
		switch {
		case i == 0:
		case line == "":
			blank++
			continue
		case blank == 0:
			b.WriteByte(' ')
		default:
			b.WriteString(strings.Repeat("\n", blank))
			blank = 0
		}
		b.WriteString(line)
	}
	return b.String()
}

// typedError holds that an error is one of the package's own, which can be shown.
func typedError(t *testing.T, err error) {
	t.Helper()
	if !strings.HasPrefix(fmt.Sprintf("%T", err), "*yamledit.Err") || err.Error() == "" {
		t.Fatalf("an error that says nothing: %T %v", err, err)
	}
}

// FuzzEdit makes one edit of any text: it is refused with an error that says
// why, or the parser's own tree has the change and no other, within the lines
// that the edit may cost, and planned again there is nothing left to do.
func FuzzEdit(f *testing.F) {
	each(f, 1, func(src []byte, pick uint16, text string) { f.Add(src, pick, text) })
	f.Fuzz(func(t *testing.T, src []byte, pick uint16, text string) {
		file, a, ok := choose(src, pick, text)
		if !ok {
			return
		}
		before := mustTrees(t, src)
		result, err := file.Apply(a.edit)
		if err != nil {
			typedError(t, err)
			return
		}
		if shared(before[a.doc], a.steps, a.name == "remove") {
			t.Fatalf("%s %s: what an alias stands for too was edited\n%s", a.name, a.path, result.Bytes)
		}
		a.want(before[a.doc])
		want := printed(before)
		after, err := trees(result.Bytes)
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", a.name, a.path, err, result.Bytes)
		}
		if got := printed(after); got != want {
			t.Fatalf("%s %s %q of\n%s\nmakes\n%s\n%s", a.name, a.path, text, src, result.Bytes, cmp.Diff(want, got))
		}
		checkSplices(t, src, result)
		checkComments(t, src, a, result)
		checkLines(t, stripped(src, result), a, result.Bytes)
		checkAgain(t, a, result.Bytes)
	})
}

// each calls add for one in so many of all edits of all seeds, and the texts in turn.
func each(t testing.TB, in int, add func(src []byte, pick uint16, text string)) {
	t.Helper()
	for _, src := range seeds(t) {
		file, err := yamledit.Parse(src)
		if err != nil {
			continue
		}
		count := 0
		for _, s := range sitesOf(file) {
			count += len(attempts(s, "x"))
		}
		for pick := 0; pick < count; pick += in {
			add(src, uint16(pick), texts[pick%len(texts)])
		}
	}
}

// choose is an edit of a text; false where the text or the edit is none.
func choose(src []byte, pick uint16, text string) (*yamledit.File, attempt, bool) {
	file, err := yamledit.Parse(src)
	if err != nil || !utf8.ValidString(text) || bytes.Contains(src, []byte(added)) {
		return nil, attempt{}, false
	}
	var all []attempt
	for _, s := range sitesOf(file) {
		all = append(all, attempts(s, text)...)
	}
	if len(all) == 0 {
		return nil, attempt{}, false
	}
	return file, all[int(pick)%len(all)], true
}

func mustTrees(t *testing.T, src []byte) []*yaml.Node {
	t.Helper()
	documents, err := trees(src)
	if err != nil {
		t.Fatalf("the parser reads %q only the first time: %v", src, err)
	}
	return documents
}

// shared reports whether the way to a node leads through one that an alias
// stands for; what is removed may stand for itself.
func shared(root *yaml.Node, steps []int, removed bool) bool {
	used := map[*yaml.Node]bool{}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Alias != nil {
			used[n.Alias] = true
		}
		for _, child := range n.Content {
			visit(child)
		}
	}
	visit(root)
	if removed {
		steps = steps[:len(steps)-1]
	}
	for i := range len(steps) + 1 {
		n := descend(root, steps[:i])
		if used[n] || n.Kind == yaml.AliasNode {
			return true
		}
	}
	return false
}

// checkComments holds that no comment goes with what is set or added.
func checkComments(t *testing.T, src []byte, a attempt, result yamledit.Result) {
	t.Helper()
	start, end := yamledit.SpanOf(a.node)
	for _, s := range result.Splices {
		inside := a.node.Kind == yamledit.ScalarNode && s.Start >= start && s.End <= end
		if a.name != "remove" && !inside && bytes.Count(src[s.Start:s.End], []byte("#")) > strings.Count(s.New, "#") {
			t.Errorf("%s %s: %q became %q", a.name, a.path, src[s.Start:s.End], s.New)
		}
	}
}

// checkLines holds that an edit costs no more lines than it must.
func checkLines(t *testing.T, src []byte, a attempt, edited []byte) {
	t.Helper()
	if loneCR.Match(src) || bytes.ContainsAny(src, "\u0085\u2028\u2029") {
		return // what is a line to YAML is none to git
	}
	old, got := changedLines(src, edited)
	start, end := yamledit.SpanOf(a.node)
	own := 1 + bytes.Count(src[start:end], []byte("\n"))
	most := 1
	switch {
	case a.name == "set":
		most = own
	case a.name == "remove":
		most, own = len(src), 1
	case yamledit.StyleOf(a.node) == "flow":
		most = own
	}
	if old > most || (a.name == "set" || a.name == "remove") && got > own {
		t.Errorf("%s %s: %d lines became %d of\n%s\nto\n%s", a.name, a.path, old, got, src, edited)
	}
}

// stripped is a text with the - that the header of a block scalar gets where it
// ends a text without a last break and something is added below. What is taken
// back leaves it there, and the scalar reads the same.
func stripped(src []byte, result yamledit.Result) []byte {
	if len(result.Splices) == 0 {
		return src
	}
	header := result.Splices[0]
	if !strings.HasPrefix(header.New, "-") || header.Start == 0 || !strings.ContainsRune("|>123456789", rune(src[header.Start-1])) {
		return src
	}
	rest := bytes.TrimPrefix(src[header.Start:], []byte("+"))
	return append(append(bytes.Clone(src[:header.Start]), '-'), rest...)
}

// changedLines is how many lines of two texts stand between those that are alike
// at both ends.
func changedLines(old, edited []byte) (before, after int) {
	a, b := bytes.SplitAfter(old, []byte("\n")), bytes.SplitAfter(edited, []byte("\n"))
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a), len(b)
}

// checkAgain makes the same edit once more: what was set is the same text, and
// a key that was added is there already.
func checkAgain(t *testing.T, a attempt, edited []byte) {
	t.Helper()
	file, err := yamledit.Parse(edited)
	if err != nil {
		t.Fatalf("%s %s: %v", a.name, a.path, err)
	}
	again, err := file.Apply(a.edit)
	switch a.name {
	case "set":
		if err != nil || len(again.Splices) > 0 {
			t.Errorf("%s %s: set again makes %+v, %v, of\n%s", a.name, a.path, again.Splices, err, edited)
		}
	case "add", "inside":
		if err == nil {
			t.Errorf("%s %s: added again makes\n%s", a.name, a.path, again.Bytes)
		}
	}
}

// loneCR is a break that no editor of today writes. What is edited still reads
// right; taken back, a break beside another may stay.
var loneCR = regexp.MustCompile(`\r([^\n]|$)`)

// FuzzUndo makes an edit and takes it back: the text must be the old one, byte for byte.
func FuzzUndo(f *testing.F) {
	each(f, 2, func(src []byte, pick uint16, text string) { f.Add(src, pick, text) })
	f.Fuzz(func(t *testing.T, src []byte, pick uint16, text string) {
		file, a, ok := choose(src, pick, text)
		if !ok || a.undo == nil || loneCR.Match(src) {
			return
		}
		edited, err := file.Apply(a.edit)
		if err != nil {
			return
		}
		again, err := yamledit.Parse(edited.Bytes)
		if err != nil {
			t.Fatalf("%s %s: the edited text does not parse: %v\n%s", a.name, a.path, err, edited.Bytes)
		}
		result, err := again.Apply(*a.undo)
		if err != nil {
			return // what was added may share its line with what was there
		}
		if a.name == "set" && !writtenBack(again, a, src) {
			return
		}
		if want := stripped(src, edited); !bytes.Equal(result.Bytes, want) {
			t.Errorf("%s %s: there and back makes\n%q, want\n%q", a.name, a.path, result.Bytes, want)
		}
	})
}

// boolean is what a reader of YAML 1.1 takes for one, so that it gets quotes.
var boolean = regexp.MustCompile("^(?i:y|n|yes|no|on|off)$")

// writtenBack reports whether a scalar that was set kept its style, and its old
// text is the only one that reads so: on one line and without escapes.
func writtenBack(edited *yamledit.File, a attempt, src []byte) bool {
	n := a.node
	if now, err := edited.Lookup(a.doc, a.path); err != nil || yamledit.StyleOf(now) != yamledit.StyleOf(n) {
		return false
	}
	start, end := yamledit.SpanOf(n)
	text := string(src[start:end])
	switch yamledit.StyleOf(n) {
	case "plain":
		alone, err := trees([]byte(text))
		return text == n.Value && n.Tag != "!!null" && !boolean.MatchString(n.Value) &&
			err == nil && len(alone) == 1 && alone[0] != nil && alone[0].ShortTag() == n.Tag // it needs no tag in front
	case "single":
		return text == "'"+strings.ReplaceAll(n.Value, "'", "''")+"'"
	case "double":
		return text == `"`+n.Value+`"` && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	}
	return true
}

// FuzzPair makes two edits at places of their own: their order does not matter,
// and together they make what they make one after the other.
func FuzzPair(f *testing.F) {
	each(f, 3, func(src []byte, pick uint16, text string) { f.Add(src, pick, pick*7+1, text) })
	f.Fuzz(func(t *testing.T, src []byte, pickA, pickB uint16, text string) {
		file, a, ok := choose(src, pickA, text)
		_, b, also := choose(src, pickB, text)
		if !ok || !also || !apart(a.site, b.site) {
			return
		}
		both, err := file.Apply(a.edit, b.edit)
		if err != nil {
			return
		}
		checkSplices(t, src, both)
		first, err := file.Apply(a.edit)
		if err != nil {
			t.Fatalf("%s %s is made with %s %s and not alone: %v", a.name, a.path, b.name, b.path, err)
		}
		again, err := yamledit.Parse(first.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		second, err := again.Apply(b.edit)
		if err != nil || !bytes.Equal(second.Bytes, both.Bytes) {
			t.Fatalf("%s %s, then %s %s makes\n%s, %v, together\n%s", a.name, a.path, b.name, b.path, second.Bytes, err, both.Bytes)
		}
		turned, err := file.Apply(b.edit, a.edit)
		if err != nil {
			return // the anchor of what goes first may be needed by the other
		}
		if want, got := printed(mustTrees(t, both.Bytes)), printed(mustTrees(t, turned.Bytes)); want != got {
			t.Fatalf("%s %s, %s %s: the order matters:\n%s\n%s", a.name, a.path, b.name, b.path, both.Bytes, turned.Bytes)
		}
	})
}

// apart reports whether neither of two places moves or holds the other: they
// part at a mapping, or stand in documents of their own.
func apart(a, b site) bool {
	if a.doc != b.doc {
		return true
	}
	for i := range min(len(a.path), len(b.path)) {
		if a.path[i] == b.path[i] {
			continue
		}
		_, key := a.path[i].(string)
		return key
	}
	return false
}

// FuzzForms makes an edit of a text in all the forms that other editors and
// tools would have saved it in: the change is the same.
func FuzzForms(f *testing.F) {
	each(f, 5, func(src []byte, pick uint16, text string) { f.Add(src, pick, text) })
	f.Fuzz(func(t *testing.T, src []byte, pick uint16, text string) {
		if !bytes.Contains(src, []byte("\n")) || bytes.ContainsAny(src, "\r\ufeff\u0085\u2028\u2029") || strings.ContainsAny(text, "\r\u0085\u2028\u2029") {
			return
		}
		file, a, ok := choose(src, pick, text)
		if !ok {
			return
		}
		result, err := file.Apply(a.edit)
		if err != nil {
			return
		}
		for _, form := range []string{"crlf", "bom", "bomcrlf"} {
			got, err := apply(reform(src, form), a.edit)
			if want := reform(result.Bytes, form); err != nil || !bytes.Equal(want, got) {
				t.Fatalf("%s %s in the form %s makes\n%q, %v, want\n%q", a.name, a.path, form, got, err, want)
			}
		}
		if a.name == "set" && strings.HasSuffix(a.node.Value, "\n") {
			return // a block scalar keeps its last break, and the other forms have none to keep
		}
		before := mustTrees(t, src)
		old := printed(before)
		a.want(before[a.doc])
		for name, form := range rewritten(t, src) {
			read, err := trees(form)
			if err != nil || printed(read) != old {
				continue // the form says something else
			}
			got, err := apply(form, a.edit)
			if err != nil {
				continue
			}
			if want, got := printed(before), printed(mustTrees(t, got)); want != got {
				t.Fatalf("%s %s %s of\n%s\n%s", name, a.name, a.path, form, cmp.Diff(want, got))
			}
		}
	})
}

func apply(src []byte, edit yamledit.Edit) ([]byte, error) {
	file, err := yamledit.Parse(src)
	if err != nil {
		return nil, err
	}
	result, err := file.Apply(edit)
	return result.Bytes, err
}

// rewritten are forms of a text that say the same in other words.
func rewritten(t *testing.T, src []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{"noeol": reform(src, "noeol")}
	for name, style := range map[string]yaml.Style{"indent": 0, "flow": yaml.FlowStyle, "json": yaml.FlowStyle | yaml.DoubleQuotedStyle} {
		documents := mustTrees(t, src)
		var b bytes.Buffer
		encoder := yaml.NewEncoder(&b)
		encoder.SetIndent(3)
		for _, document := range documents {
			if document == nil {
				return out
			}
			if style != 0 {
				restyle(document, style)
			}
			if err := encoder.Encode(document); err != nil {
				return out
			}
		}
		if err := encoder.Close(); err != nil {
			return out
		}
		out[name] = b.Bytes()
	}
	return out
}

func restyle(n *yaml.Node, style yaml.Style) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	n.Style = style & yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
		if n.ShortTag() == "!!str" {
			n.Style = style & yaml.DoubleQuotedStyle
		}
	}
	for _, child := range n.Content {
		restyle(child, style)
	}
}

// FuzzVerify puts any text in place of any bytes, and the check must see
// whatever that makes the parser's own tree say.
func FuzzVerify(f *testing.F) {
	each(f, 4, func(src []byte, pick uint16, text string) {
		if len(src) > 0 {
			f.Add(src, pick, pick+pick%9, text)
		}
	})
	f.Fuzz(func(t *testing.T, src []byte, start, end uint16, text string) {
		file, err := yamledit.Parse(src)
		if err != nil || file.Documents() == 0 {
			return
		}
		from := int(start) % (len(src) + 1)
		to := from + int(end)%(len(src)-from+1)
		wrong := append(append(bytes.Clone(src[:from]), text...), src[to:]...)
		if err := yamledit.Verify(file, wrong); err != nil {
			typedError(t, err)
			return
		}
		if want, got := printed(mustTrees(t, src)), printed(mustTrees(t, wrong)); want != got {
			t.Fatalf("the check does not see that\n%q became\n%q:\n%s", src, wrong, cmp.Diff(want, got))
		}
	})
}
