package yamledit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A site is a node of a text that an edit can name.
type site struct {
	doc   int
	path  yamledit.Path
	steps []int // the same way, by children, which needs no keys
	node  *yamledit.Node
}

// maxSites bounds what one text costs while fuzzing.
const maxSites = 200

func sitesOf(file *yamledit.File) []site {
	var out []site
	var visit func(s site)
	visit = func(s site) {
		if len(out) == maxSites {
			return
		}
		out = append(out, s)
		for i, child := range s.node.Children {
			var step any = i
			if s.node.Kind == yamledit.MappingNode {
				if i%2 == 0 || s.node.Children[i-1].Kind != yamledit.ScalarNode {
					continue
				}
				step = s.node.Children[i-1].Value
			}
			visit(site{s.doc, append(s.path[:len(s.path):len(s.path)], step), append(s.steps[:len(s.steps):len(s.steps)], i), child})
		}
	}
	for doc := range file.Documents() {
		if root, err := file.Lookup(doc, nil); err == nil {
			visit(site{doc: doc, node: root})
		}
	}
	return out
}

// An attempt is an edit at a site, and what it must do to the tree that the
// parser itself makes: the package's own is not asked.
type attempt struct {
	site
	name string
	edit yamledit.Edit
	want func(root *yaml.Node)
	undo *yamledit.Edit // brings the old bytes back
}

const added = "kustodian" // no text has it as a key

// attempts are the edits that a site can have, with a text of the fuzzer's own.
func attempts(s site, text string) []attempt {
	var out []attempt
	try := func(name string, edit yamledit.Edit, undo *yamledit.Edit, change func(n *yaml.Node)) {
		out = append(out, attempt{s, name, edit, func(root *yaml.Node) { change(descend(root, s.steps)) }, undo})
	}
	below := func(step any) yamledit.Path { return append(s.path[:len(s.path):len(s.path)], step) }
	empty := s.node.Tag == "!!null" || len(s.node.Children) == 0
	if s.node.Kind == yamledit.ScalarNode {
		old := s.node.Value
		undo := yamledit.SetScalar(s.doc, s.path, strings.TrimSuffix(old, "\n"))
		try("set", yamledit.SetScalar(s.doc, s.path, text), &undo, func(n *yaml.Node) {
			if n.ShortTag() == "!!null" && old == "" {
				n.Tag = "!!str"
			}
			n.Tag = n.ShortTag()
			n.Value = text
			if block := yamledit.StyleOf(s.node); (block == "literal" || block == "folded") && strings.HasSuffix(old, "\n") && text != old {
				n.Value += "\n"
			}
		})
	}
	if s.node.Kind == yamledit.MappingNode || s.node.Tag == "!!null" {
		undo := yamledit.Remove(s.doc, below(added))
		value := yamledit.Map{{Key: "a", Value: yamledit.List{yamledit.String(text), yamledit.Bool(true)}}, {Key: "b", Value: yamledit.Int(3)}}
		try("add", yamledit.AddKey(s.doc, s.path, added, value), unless(empty, undo), func(n *yaml.Node) {
			fill(n, yaml.MappingNode)
			n.Content = append(n.Content, str(added), mapping(str("a"), list(str(text), typed("!!bool", "true")), str("b"), typed("!!int", "3")))
		})
		try("append to none", yamledit.AppendItem(s.doc, below(added), yamledit.String(text)), unless(empty, undo), func(n *yaml.Node) {
			fill(n, yaml.MappingNode)
			n.Content = append(n.Content, str(added), list(str(text)))
		})
	}
	if s.node.Kind == yamledit.SequenceNode || s.node.Tag == "!!null" {
		undo := yamledit.Remove(s.doc, below(len(s.node.Children)))
		try("append", yamledit.AppendItem(s.doc, s.path, yamledit.Map{{Key: "name", Value: yamledit.String(text)}, {Key: "value", Value: yamledit.Map{}}}), unless(empty, undo), func(n *yaml.Node) {
			fill(n, yaml.SequenceNode)
			n.Content = append(n.Content, mapping(str("name"), str(text), str("value"), mapping()))
		})
	}
	if inner, err := yamledit.Parse([]byte(s.node.Value)); err == nil && yamledit.StyleOf(s.node) == "literal" {
		key := yamledit.AddKey(0, nil, added, yamledit.String(text))
		if result, err := inner.Apply(key); err == nil {
			undo := yamledit.InBlockScalar(s.doc, s.path, yamledit.Remove(0, yamledit.Path{added}))
			try("inside", yamledit.InBlockScalar(s.doc, s.path, key), &undo, func(n *yaml.Node) { n.Value = string(result.Bytes) })
		}
	}
	if len(s.path) > 0 {
		out = append(out, attempt{s, "remove", yamledit.Remove(s.doc, s.path), func(root *yaml.Node) {
			last := s.steps[len(s.steps)-1]
			parent, from := descend(root, s.steps[:len(s.steps)-1]), last
			if parent.Kind == yaml.MappingNode {
				from--
			}
			parent.Content = append(parent.Content[:from:from], parent.Content[last+1:]...)
		}, nil})
	}
	return out
}

func unless(not bool, undo yamledit.Edit) *yamledit.Edit {
	if not {
		return nil
	}
	return &undo
}

func fill(n *yaml.Node, kind yaml.Kind) {
	if n.Kind == yaml.ScalarNode {
		*n = yaml.Node{Kind: kind, Anchor: n.Anchor}
	}
}

func str(text string) *yaml.Node { return typed("!!str", text) }
func typed(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}
func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: content}
}
func list(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: content}
}

func descend(n *yaml.Node, steps []int) *yaml.Node {
	for _, i := range steps {
		n = n.Content[i]
	}
	return n
}

// trees are the documents of a text as the parser itself has them; nil for an
// empty one.
func trees(src []byte) ([]*yaml.Node, error) {
	var out []*yaml.Node
	for decoder := yaml.NewDecoder(bytes.NewReader(src)); ; {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(document.Content) == 0 {
			out = append(out, nil)
			continue
		}
		out = append(out, document.Content[0])
	}
}

// printed is what a tree says, without how it is written.
func printed(documents []*yaml.Node) string {
	var b strings.Builder
	var write func(n *yaml.Node)
	write = func(n *yaml.Node) {
		if n.Anchor != "" {
			fmt.Fprintf(&b, "&%s ", n.Anchor)
		}
		tag := n.ShortTag()
		if n.Kind == yaml.AliasNode {
			tag = "*" // it has its target's
		}
		fmt.Fprintf(&b, "%s %q (", tag, n.Value)
		for _, child := range n.Content {
			write(child)
		}
		b.WriteString(") ")
	}
	for _, document := range documents {
		if document == nil {
			b.WriteString("nothing\n")
			continue
		}
		write(document)
		b.WriteByte('\n')
	}
	return b.String()
}

// seeds are the texts of all cases and those of the shapes.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, c := range cases(t) {
		out = append(out, c.in)
	}
	src, err := os.ReadFile("../../testdata/yamledit/shapes/shapes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range txtar.Parse(src).Files {
		out = append(out, file.Data, reform(file.Data, "crlf"), reform(file.Data, "noeol"))
	}
	return out
}
