package yamledit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A testCase is a txtar of testdata/yamledit. Its comment has the edits, one a line,
// and what else there is to say:
//
//	forms crlf bom …        the same is to hold of these forms of the text
//	escaped                 \t, \s (a blank), \r, \u0085, \u2028 and \u2029 stand for themselves
//	error ErrAlias "line 5" the edits are refused, with this type and text; either may be left out
//	changed 3-4 8           the lines of out that Result.Changed has
//	new {a: b}              instead of an edit: a new file with this document, whose neighbours are in
//	                        in and in every file neighbour
//
// The text is in `in`, and `out` is what it must be afterwards. A # begins a remark.
type testCase struct {
	in, out    []byte
	edits      []yamledit.Edit
	changed    string           // "" where any lines will do
	documents  []yamledit.Value // of a new file
	neighbours [][]byte
	// Of the error that is wanted: the regexp is nil where none is.
	refusal     *regexp.Regexp
	refusalType string
}

func TestCases(t *testing.T) {
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
			if c.documents != nil {
				checkNew(t, c)
				return
			}
			before := bytes.Clone(c.in)
			file, err := yamledit.Parse(c.in)
			var result yamledit.Result
			if err == nil {
				result, err = file.Apply(c.edits...)
			}
			if !bytes.Equal(before, c.in) {
				t.Error("the text that was parsed changed")
			}
			if c.refusal != nil {
				checkRefusal(t, c, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(c.out), string(result.Bytes)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			checkSplices(t, c.in, result)
			checkChanged(t, c, result)
		})
	}
}

func checkNew(t *testing.T, c testCase) {
	t.Helper()
	text, err := yamledit.NewFile(append([][]byte{c.in}, c.neighbours...), c.documents...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(c.out), string(text)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// checkChanged holds that the changed lines are those that the case says, and
// that without them both texts have the same lines.
func checkChanged(t *testing.T, c testCase, result yamledit.Result) {
	t.Helper()
	var ranges []string
	for _, r := range result.Changed {
		ranges = append(ranges, fmt.Sprintf("%d-%d", r.First, r.Last))
	}
	if got := strings.Join(ranges, " "); c.changed != "" && got != c.changed {
		t.Errorf("the changed lines are %s, want %s", got, c.changed)
	}
	changed := map[int]bool{}
	for _, r := range result.Changed {
		for line := r.First; line <= r.Last; line++ {
			changed[line] = true
		}
	}
	old := bytes.SplitAfter(c.in, []byte("\n"))
	for i, line := range bytes.SplitAfter(result.Bytes, []byte("\n")) {
		if changed[i+1] {
			continue
		}
		// What is left stands in the old text, in the same order.
		at := slices.IndexFunc(old, func(l []byte) bool { return bytes.Equal(l, line) })
		if at < 0 {
			t.Errorf("line %d is new and not among the changed ones, %s: %q", i+1, ranges, line)
			return
		}
		old = old[at+1:]
	}
}

func checkRefusal(t *testing.T, c testCase, err error) {
	t.Helper()
	if err == nil || !c.refusal.MatchString(err.Error()) {
		t.Errorf("got error %v, want %s", err, c.refusal)
	}
	for e := err; c.refusalType != ""; e = errors.Unwrap(e) {
		if e == nil {
			t.Errorf("got a %T, want an %s", err, c.refusalType)
			return
		}
		if fmt.Sprintf("%T", e) == "*yamledit."+c.refusalType {
			return
		}
	}
}

// checkSplices holds that the splices are ordered, and that they and the
// suggestion make the new text of the old one.
func checkSplices(t *testing.T, src []byte, result yamledit.Result) {
	t.Helper()
	var text []byte
	at := 0
	for _, s := range result.Splices {
		if s.Start < at || s.End < s.Start || s.End > len(src) {
			t.Fatalf("splices are out of order: %+v", result.Splices)
		}
		text = append(append(text, src[at:s.Start]...), s.New...)
		at = s.End
	}
	if text = append(text, src[at:]...); !bytes.Equal(text, result.Bytes) {
		t.Errorf("the splices make %q, want %q", text, result.Bytes)
	}
	checkSuggestion(t, src, result)
}

// checkSuggestion puts a suggestion in place of its lines, as GitHub does.
func checkSuggestion(t *testing.T, src []byte, result yamledit.Result) {
	t.Helper()
	first, last, suggested, ok := result.Suggestion()
	if !ok {
		return
	}
	lines := strings.SplitAfter(string(src), "\n")
	nl := ""
	if strings.HasSuffix(lines[last-1], "\r\n") {
		nl = "\r\n"
	} else if strings.HasSuffix(lines[last-1], "\n") {
		nl = "\n"
	}
	got := strings.Join(lines[:first-1], "") + suggested + nl + strings.Join(lines[last:], "")
	if got != string(result.Bytes) {
		t.Errorf("the suggestion for lines %d to %d makes\n%q, want\n%q", first, last, got, result.Bytes)
	}
}

// cases are all cases in all of their forms, by file and form.
func cases(t testing.TB) map[string]testCase {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/yamledit/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("found no cases")
	}
	out := map[string]testCase{}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for form, c := range readCase(t, path, txtar.Parse(src)) {
			out[strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+form] = c
		}
	}
	return out
}

// readCase reads a case, by the forms that it is to hold of.
func readCase(t testing.TB, path string, archive *txtar.Archive) map[string]testCase {
	t.Helper()
	var c testCase
	escaped, forms := false, []string{""}
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "", "#":
		case "forms":
			forms = strings.Fields("as-is " + rest)
		case "escaped":
			escaped = true
		case "changed":
			c.changed = rest
		case "new":
			c.documents = append(c.documents, parseValue(t, rest))
		case "error":
			name, quoted, ok := strings.Cut(rest, " ")
			if !ok || !strings.HasPrefix(name, "Err") {
				name, quoted = "", rest
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("%s: %s: %v", path, line, err)
			}
			c.refusal, c.refusalType = regexp.MustCompile(text), name
		default:
			c.edits = append(c.edits, parseEdit(t, line))
		}
	}
	for _, file := range archive.Files {
		if escaped {
			file.Data = []byte(escapes.Replace(string(file.Data)))
		}
		switch file.Name {
		case "in":
			c.in = file.Data
		case "out":
			c.out = file.Data
		case "neighbour":
			c.neighbours = append(c.neighbours, file.Data)
		default:
			t.Fatalf("%s: no case has a file %s", path, file.Name)
		}
	}
	if len(c.edits) == 0 == (len(c.documents) == 0) || (c.out == nil) == (c.refusal == nil) {
		t.Fatalf("%s: want edits, and one of out and error", path)
	}
	out := map[string]testCase{}
	for _, form := range forms {
		of := c
		of.in, of.out = reform(c.in, form), reform(c.out, form)
		if form == "noeol" {
			of.changed = "" // what is added at the end gives the line before a break, too
		}
		out[form] = of
	}
	return out
}

var escapes = strings.NewReplacer(`\t`, "\t", `\s`, " ", `\r`, "\r", `\u0085`, "\u0085", `\u2028`, "\u2028", `\u2029`, "\u2029")

// reform is a text as another editor would have saved it.
func reform(text []byte, form string) []byte {
	switch form {
	case "crlf":
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	case "bom":
		return append([]byte("\xef\xbb\xbf"), text...)
	case "bomcrlf":
		return reform(reform(text, "crlf"), "bom")
	case "noeol":
		return bytes.TrimSuffix(text, []byte("\n"))
	}
	return text
}

// parseEdit reads an edit: VERB PATH [ARGUMENTS]; "in PATH: EDIT" is one inside
// a block scalar.
func parseEdit(t testing.TB, line string) yamledit.Edit {
	t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	if verb == "in" {
		at, inner, _ := strings.Cut(rest, ": ")
		doc, path := parsePath(t, at)
		return yamledit.InBlockScalar(doc, path, parseEdit(t, inner))
	}
	if verb == "document" {
		return yamledit.AddDocument(parseValue(t, rest))
	}
	at, rest, _ := strings.Cut(rest, " ")
	doc, path := parsePath(t, at)
	switch verb {
	case "before":
		return yamledit.InsertItem(doc, path, yamledit.Before, parseValue(t, rest))
	case "after":
		return yamledit.InsertItem(doc, path, yamledit.After, parseValue(t, rest))
	case "rename":
		return yamledit.RenameKey(doc, path, rest)
	case "move": // PATH before|after INDEX
		where, other, _ := strings.Cut(rest, " ")
		side, known := map[string]yamledit.Side{"before": yamledit.Before, "after": yamledit.After}[where]
		index, err := strconv.Atoi(other)
		if err != nil || !known {
			t.Fatalf("%q: want before or after, and an index", rest)
		}
		return yamledit.MoveItem(doc, path, side, index)
	case "wrap": // PATH KEY [REST]
		key, more, _ := strings.Cut(rest, " ")
		var others yamledit.Map
		if more != "" {
			others = parseValue(t, more).(yamledit.Map)
		}
		return yamledit.WrapInMap(doc, path, key, others)
	case "list":
		return yamledit.WrapInList(doc, path)
	case "set":
		return yamledit.SetScalar(doc, path, rest)
	case "add":
		key, value, _ := strings.Cut(rest, " ")
		return yamledit.AddKey(doc, path, key, parseValue(t, value))
	case "append":
		return yamledit.AppendItem(doc, path, parseValue(t, rest))
	case "remove":
		return yamledit.Remove(doc, path)
	case "prune":
		return yamledit.Remove(doc, path, yamledit.PruneEmpty)
	}
	t.Fatalf("no edit %q", line)
	return yamledit.Edit{}
}

// parsePath reads steps joined by dots, a number being an index, and "1:a.b"
// as one of document 1; {} is the root. A step with a dot in it has quotes.
func parsePath(t testing.TB, text string) (int, yamledit.Path) {
	t.Helper()
	doc := 0
	if number, rest, ok := strings.Cut(text, ":"); ok {
		var err error
		if doc, err = strconv.Atoi(number); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		text = rest
	}
	var path yamledit.Path
	for text != "" && text != "{}" {
		step, rest, _ := strings.Cut(text, ".")
		if quoted, err := strconv.QuotedPrefix(text); err == nil {
			step, rest = quoted, strings.TrimPrefix(text[len(quoted):], ".")
		}
		text = rest
		if i, err := strconv.Atoi(step); err == nil {
			path = append(path, i)
		} else {
			path = append(path, strings.Trim(step, `"`))
		}
	}
	return doc, path
}

// parseValue reads "resources" as the block that fixes add, brackets as YAML's,
// digits as a number, else a text.
func parseValue(t testing.TB, text string) yamledit.Value {
	t.Helper()
	if text == "resources" {
		text = "{requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}"
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(text), &node); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return valueOf(node.Content[0])
	}
	if n, err := strconv.Atoi(text); err == nil {
		return yamledit.Int(n)
	}
	return yamledit.String(text)
}

func valueOf(n *yaml.Node) yamledit.Value {
	switch {
	case n.Kind == yaml.MappingNode:
		m := yamledit.Map{}
		for i := 0; i < len(n.Content); i += 2 {
			m = append(m, yamledit.Item{Key: n.Content[i].Value, Value: valueOf(n.Content[i+1])})
		}
		return m
	case n.Kind == yaml.SequenceNode:
		list := yamledit.List{}
		for _, item := range n.Content {
			list = append(list, valueOf(item))
		}
		return list
	case n.ShortTag() == "!!bool":
		return yamledit.Bool(n.Value == "true")
	case n.ShortTag() == "!!int":
		if i, err := strconv.Atoi(n.Value); err == nil {
			return yamledit.Int(i)
		}
	}
	return yamledit.String(n.Value)
}
