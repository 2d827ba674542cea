package yamledit_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/kustodian/kustodian/fixes/yamledit"
)

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
