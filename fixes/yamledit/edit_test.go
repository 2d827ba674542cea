package yamledit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A testCase is a txtar of testdata/yamledit: edits in its comment, one a line,
// the text in `in`, and `out` as it must be afterwards, or `error "regexp"` in the comment.
type testCase struct {
	in, out []byte
	edits   []yamledit.Edit
	refusal *regexp.Regexp
}

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
		for name, c := range read(t, txtar.Parse(src)) {
			out[strings.TrimSuffix(filepath.Base(path), ".txtar")+name] = c
		}
	}
	return out
}

// read reads a case, and its forms with other line ends where it asks for them.
func read(t testing.TB, archive *txtar.Archive) map[string]testCase {
	t.Helper()
	var c testCase
	forms := []string{""}
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "", "#":
		case "forms":
			forms = append(forms, strings.Fields(rest)...)
		case "error":
			text, err := strconv.Unquote(rest)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			c.refusal = regexp.MustCompile(text)
		default:
			c.edits = append(c.edits, parseEdit(t, line))
		}
	}
	for _, file := range archive.Files {
		switch file.Name {
		case "in":
			c.in = file.Data
		case "out":
			c.out = file.Data
		}
	}
	out := map[string]testCase{}
	for _, form := range forms {
		out["/"+form] = testCase{in: reform(c.in, form), out: reform(c.out, form), edits: c.edits, refusal: c.refusal}
	}
	return out
}

// reform is a text as another editor would have saved it.
func reform(text []byte, form string) []byte {
	switch form {
	case "crlf":
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	case "bom":
		return append([]byte("\xef\xbb\xbf"), text...)
	case "noeol":
		return bytes.TrimSuffix(text, []byte("\n"))
	}
	return text
}

// parseEdit reads an edit: VERB PATH [ARGUMENTS], where a PATH is steps joined
// by dots, and "in PATH: EDIT" is one inside a block scalar.
func parseEdit(t testing.TB, line string) yamledit.Edit {
	t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	if verb == "in" {
		at, inner, _ := strings.Cut(rest, ": ")
		doc, path := parsePath(t, at)
		return yamledit.InBlockScalar(doc, path, parseEdit(t, inner))
	}
	at, rest, _ := strings.Cut(rest, " ")
	doc, path := parsePath(t, at)
	switch verb {
	case "set":
		return yamledit.SetScalar(doc, path, rest)
	case "add":
		key, value, _ := strings.Cut(rest, " ")
		return yamledit.AddKey(doc, path, key, parseValue(value))
	case "append":
		return yamledit.AppendItem(doc, path, parseValue(rest))
	case "remove":
		return yamledit.Remove(doc, path)
	case "prune":
		return yamledit.Remove(doc, path, yamledit.PruneEmpty)
	}
	t.Fatalf("no edit %q", line)
	return yamledit.Edit{}
}

// parsePath reads "1:a.b.0": document 1, and 0 without a number in front.
func parsePath(t testing.TB, text string) (int, yamledit.Path) {
	t.Helper()
	doc := 0
	if number, rest, ok := strings.Cut(text, ":"); ok {
		doc, _ = strconv.Atoi(number)
		text = rest
	}
	var path yamledit.Path
	for _, step := range strings.Split(text, ".") {
		if i, err := strconv.Atoi(step); err == nil {
			path = append(path, i)
		} else if step != "" {
			path = append(path, step)
		}
	}
	return doc, path
}

// parseValue reads "resources" as the block that fixes add, "a=b" as a mapping,
// else a text.
func parseValue(text string) yamledit.Value {
	switch {
	case text == "resources":
		return yamledit.Map{
			{Key: "requests", Value: yamledit.Map{{Key: "cpu", Value: yamledit.String("100m")}, {Key: "memory", Value: yamledit.String("64Mi")}}},
			{Key: "limits", Value: yamledit.Map{{Key: "memory", Value: yamledit.String("64Mi")}}},
		}
	case text == "generator":
		return yamledit.Map{{Key: "name", Value: yamledit.String("web-env")}, {Key: "literals", Value: yamledit.List{yamledit.String("A=1"), yamledit.String("B=yes: no")}}}
	case strings.Contains(text, "="):
		key, value, _ := strings.Cut(text, "=")
		return yamledit.Map{{Key: key, Value: yamledit.String(value)}}
	}
	if n, err := strconv.Atoi(text); err == nil {
		return yamledit.Int(n)
	}
	return yamledit.String(text)
}

func TestCases(t *testing.T) {
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
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
				if err == nil || !c.refusal.MatchString(err.Error()) {
					t.Errorf("got error %v, want %s", err, c.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(c.out), string(result.Bytes)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			checkSplices(t, c.in, result)
		})
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

// FuzzApply makes an edit at every node of any text. What is not refused
// changes what was meant and nothing else: another parser is asked.
func FuzzApply(f *testing.F) {
	for _, c := range cases(f) {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := yamledit.Parse(src)
		if err != nil {
			return
		}
		if result, err := file.Apply(); err != nil || !bytes.Equal(result.Bytes, src) {
			t.Fatalf("no edit makes %q, %v", result.Bytes, err)
		}
		for doc := range file.Documents() {
			root, err := file.Lookup(doc, nil)
			if err != nil {
				continue
			}
			eachPath(root, nil, func(path yamledit.Path, n *yamledit.Node) {
				inverse(t, file, src, doc, path, n)
			})
		}
	})
}

// eachPath calls do for the nodes that have a path, at most the first 40.
func eachPath(n *yamledit.Node, path yamledit.Path, do func(yamledit.Path, *yamledit.Node)) {
	do(path, n)
	for i, child := range n.Children {
		if i > 40 {
			return
		}
		switch {
		case n.Kind == yamledit.SequenceNode:
			eachPath(child, append(path[:len(path):len(path)], i), do)
		case i%2 == 1:
			eachPath(child, append(path[:len(path):len(path)], n.Children[i-1].Value), do)
		}
	}
}

// loneCR is a break that no editor of today writes. What is edited still reads
// right; taken back, a break beside another may stay.
var loneCR = regexp.MustCompile(`\r([^\n]|$)`)

// inverse makes an edit and takes it back: the text must be the old one, byte for byte.
func inverse(t *testing.T, file *yamledit.File, src []byte, doc int, path yamledit.Path, n *yamledit.Node) {
	var there, back yamledit.Edit
	switch {
	case n.Kind == yamledit.MappingNode && len(n.Children) > 0:
		there = yamledit.AddKey(doc, path, "kustodian", yamledit.Map{{Key: "a", Value: yamledit.List{yamledit.String("yes")}}})
		back = yamledit.Remove(doc, append(path[:len(path):len(path)], "kustodian"))
	case n.Kind == yamledit.SequenceNode && len(n.Children) > 0:
		there = yamledit.AppendItem(doc, path, yamledit.String("kustodian"))
		back = yamledit.Remove(doc, append(path[:len(path):len(path)], len(n.Children)))
	default:
		return
	}
	edited, err := file.Apply(there)
	if err != nil {
		return
	}
	again, err := yamledit.Parse(edited.Bytes)
	if err != nil {
		t.Fatalf("%s: the edited text does not parse: %v\n%s", path, err, edited.Bytes)
	}
	result, err := again.Apply(back)
	if err != nil {
		return // what was added may share its line with what was there
	}
	if !bytes.Equal(result.Bytes, src) && !loneCR.Match(src) {
		t.Errorf("%s: added and removed makes\n%q, want\n%q", path, result.Bytes, src)
	}
	if bytes.Contains(src, []byte("\r\n")) && !bytes.Contains(bytes.ReplaceAll(src, []byte("\r\n"), nil), []byte("\n")) &&
		bytes.Contains(bytes.ReplaceAll(edited.Bytes, []byte("\r\n"), nil), []byte("\n")) {
		t.Errorf("%s: a text of CRLF got a bare LF", path)
	}
}

// TestSecondOpinion lets another parser read every edited case.
func TestSecondOpinion(t *testing.T) {
	for name, c := range cases(t) {
		if c.refusal != nil || strings.Contains(name, "bom") {
			continue // that parser refuses a byte-order mark
		}
		if _, err := decode(c.in); err != nil {
			continue
		}
		if _, err := decode(c.out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func decode(src []byte) (out []any, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var v any
		if err := decoder.Decode(&v); err != nil {
			if err.Error() == "EOF" {
				return out, nil
			}
			return nil, err
		}
		out = append(out, v)
	}
}

// TestWrongResultsAreSeen feeds the check what an edit must never make.
func TestWrongResultsAreSeen(t *testing.T) {
	for _, c := range []struct{ src, wrong string }{
		{"a: 1\nb: 2\n", "a: 1\nb: 3\n"},
		{"a: 1\n", "a: \"1\"\n"},
		{"a: {b: 1}\n", "a: {b: 1, c: 2}\n"},
		{"a: &x 1\nb: *x\n", "a: 1\nb: 1\n"},
		{"a: 1\n", "a: 1\n---\nb: 1\n"},
		{"- a\n- b\n", "- b\n- a\n"},
		{"a: 1\n", "a: [\n"},
	} {
		file, err := yamledit.Parse([]byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		var verify *yamledit.ErrVerify
		if err := yamledit.Verify(file, []byte(c.wrong)); !errors.As(err, &verify) {
			t.Errorf("%q became %q and the check said %v", c.src, c.wrong, err)
		}
	}
}

func ExampleFile_Apply() {
	file, err := yamledit.Parse([]byte("spec:\n  replicas: 1 # for now\n  paused: true\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := file.Apply(
		yamledit.SetScalar(0, yamledit.Path{"spec", "replicas"}, "3"),
		yamledit.Remove(0, yamledit.Path{"spec", "paused"}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(result.Bytes))
	// Output:
	// spec:
	//   replicas: 3 # for now
}

// TestLongLines reads a megabyte on one line: minutes, were a line read again
// from its start for each node or blank.
func TestLongLines(t *testing.T) {
	for name, src := range map[string]string{
		"json":  `{"list":[` + strings.Repeat(`{"a":"b"},`, 100_000) + `{}],"z":1}`,
		"plain": "a: " + strings.Repeat("b ", 500_000) + "c\nz: 1\n",
	} {
		file, err := yamledit.Parse([]byte(src))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := file.Apply(yamledit.SetScalar(0, yamledit.Path{"z"}, "2")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
