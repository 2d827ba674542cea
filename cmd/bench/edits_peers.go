package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"

	"github.com/kustodian/kustodian/fixes/yamledit"
)

// A change is one that every library can make: an image is set, or a resource appended.
type change struct {
	full     int // the document, among those that are not empty
	document int
	path     yamledit.Path
	text     string
	item     bool // the text is appended to the list at the path
}

// A writer reads a text, makes a change, if any, and writes the text again.
type writer struct {
	name  string
	write func(src []byte, c *change) ([][]byte, error) // the best of what it returns counts
	read  func(src []byte) error
}

var writers = []writer{
	{"yamledit", writeYamledit, func(src []byte) error {
		_, err := yamledit.Parse(src)
		return err
	}},
	{"yaml/v3", writeV3, func(src []byte) error {
		_, err := readV3(src)
		return err
	}},
	{"kyaml", writeKyaml, func(src []byte) error {
		_, err := (&kio.ByteReader{Reader: bytes.NewReader(src), PreserveSeqIndent: true}).Read()
		return err
	}},
	{"goccy", writeGoccy, func(src []byte) error {
		_, err := parser.ParseBytes(src, parser.ParseComments)
		return err
	}},
}

var errNoPath = errors.New("the path is not there")

// editPeers writes every file without a change and with each of its changes,
// and prints how many came out identical, how many cost the fewest lines, and
// the speed.
func editPeers(ctx context.Context, out io.Writer, files []yamlFile) error {
	same, least := map[string]int{}, map[string]int{}
	reading, editing := map[string]time.Duration{}, map[string]time.Duration{}
	total, edits := 0, 0
	for _, file := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := readV3(file.src); err != nil {
			continue
		}
		changes := changesOf(file)
		total++
		edits += len(changes)
		for _, w := range writers {
			start := time.Now()
			_ = w.read(file.src) // what it cannot read, it does not write below
			reading[w.name] += time.Since(start)
			texts, err := w.write(file.src, nil)
			if err == nil && bestLines(file.src, texts) == [2]int{} {
				same[w.name]++
			}
			for _, c := range changes {
				start := time.Now()
				texts, err := w.write(file.src, &c)
				editing[w.name] += time.Since(start)
				if err == nil && minimal(file.src, c, bestLines(file.src, texts)) {
					least[w.name]++
				}
			}
		}
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%d files, %d edits\tidentical\t%%\tfewest lines\t%%\tspeed of reading\tspeed of an edit\t\n", total, edits) //nolint:errcheck // Flush tells
	for _, w := range writers {
		//nolint:errcheck // Flush tells
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%d\t%.1f\t%.2f\t%.2f\t\n", w.name, same[w.name], percent(same[w.name], total), least[w.name], percent(least[w.name], edits),
			float64(reading["yaml/v3"])/float64(reading[w.name]), float64(editing["yaml/v3"])/float64(editing[w.name]))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "speed: as many times that of yaml/v3, which is read here into nodes and written in two styles, of which the better counts")
	return err
}

// changesOf are the changes that a file has a place for.
func changesOf(file yamlFile) []change {
	f, err := yamledit.Parse(file.src)
	if err != nil {
		return nil
	}
	var out []change
	full := 0
	for document := range f.Documents() {
		root, err := f.Lookup(document, nil)
		if err != nil {
			continue
		}
		if kind := root.Get("kind"); kind != nil && kind.Value == "List" {
			return nil // kyaml takes a list apart
		}
		if list := root.Get("resources"); strings.HasPrefix(file.path[strings.LastIndexByte(file.path, '/')+1:], "kustomization.y") && list != nil && len(list.Children) > 0 {
			out = append(out, change{full, document, yamledit.Path{"resources"}, "kustodian.yaml", true})
		}
		eachImage(root, nil, func(path yamledit.Path, n *yamledit.Node) {
			out = append(out, change{full, document, path, n.Value + "@sha256:0123", false})
		})
		full++
	}
	return out
}

// eachImage calls do for the images of containers that stand on one line.
func eachImage(n *yamledit.Node, path yamledit.Path, do func(yamledit.Path, *yamledit.Node)) {
	for i, child := range n.Children {
		var step any = i
		if n.Kind == yamledit.MappingNode {
			if i%2 == 0 {
				continue
			}
			step = n.Children[i-1].Value
		}
		at := append(path[:len(path):len(path)], step)
		if step == "image" && child.Tag == "!!str" && child.Line == child.EndLine && child.Value != "" && n.Get("name") != nil {
			do(at, child)
			continue
		}
		eachImage(child, at, do)
	}
}

// bestLines is how many lines went and came, of the text where that is least.
func bestLines(src []byte, texts [][]byte) [2]int {
	best := [2]int{1 << 30, 1 << 30}
	for _, text := range texts {
		if bytes.Equal(src, text) {
			return [2]int{}
		}
		counts := map[string]int{}
		for line := range bytes.Lines(src) {
			counts[string(line)]++
		}
		for line := range bytes.Lines(text) {
			counts[string(line)]--
		}
		var lines [2]int
		for _, n := range counts {
			lines[0] += max(n, 0)
			lines[1] += max(-n, 0)
		}
		if lines[0]+lines[1] < best[0]+best[1] {
			best = lines
		}
	}
	return best
}

// minimal reports whether a change cost no more lines than it must: the one it
// sets, or the one it adds and the last where that has no break.
func minimal(src []byte, c change, lines [2]int) bool {
	if !c.item {
		return lines == [2]int{1, 1}
	}
	return lines == [2]int{0, 1} || lines == [2]int{1, 2} && !bytes.HasSuffix(src, []byte("\n")) || lines == [2]int{1, 1} && bytes.Contains(src, []byte("["))
}

func writeYamledit(src []byte, c *change) ([][]byte, error) {
	file, err := yamledit.Parse(src)
	if err != nil {
		return nil, err
	}
	var edits []yamledit.Edit
	if c != nil && c.item {
		edits = append(edits, yamledit.AppendItem(c.document, c.path, yamledit.String(c.text)))
	} else if c != nil {
		edits = append(edits, yamledit.SetScalar(c.document, c.path, c.text))
	}
	edited, err := file.Apply(edits...)
	return [][]byte{edited.Bytes}, err
}

func readV3(src []byte) ([]*yaml.Node, error) {
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
		out = append(out, &document)
	}
}

func writeV3(src []byte, c *change) ([][]byte, error) {
	documents, err := readV3(src)
	if err != nil {
		return nil, err
	}
	if c != nil && c.document < len(documents) {
		if err := c.ofNode(documents[c.document].Content[0]); err != nil {
			return nil, err
		}
	}
	var out [][]byte
	for _, compact := range []bool{true, false} {
		var b bytes.Buffer
		encoder := yaml.NewEncoder(&b)
		encoder.SetIndent(2)
		if compact {
			encoder.CompactSeqIndent()
		}
		for _, document := range documents {
			if err := encoder.Encode(document); err != nil {
				return nil, err
			}
		}
		if err := encoder.Close(); err != nil {
			return nil, err
		}
		out = append(out, b.Bytes())
	}
	return out, nil
}

// ofNode makes the change in a document's root.
func (c *change) ofNode(n *yaml.Node) error {
	for _, step := range c.path {
		next := -1
		switch step := step.(type) {
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = step
			}
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = i + 1
				}
			}
		}
		if next < 0 {
			return errNoPath
		}
		n = n.Content[next]
	}
	if c.item {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: c.text})
	} else {
		n.Value = c.text
	}
	return nil
}

func writeKyaml(src []byte, c *change) ([][]byte, error) {
	var b bytes.Buffer
	both := &kio.ByteReadWriter{Reader: bytes.NewReader(src), Writer: &b, PreserveSeqIndent: true}
	nodes, err := both.Read()
	if err != nil {
		return nil, err
	}
	if c != nil {
		if c.full >= len(nodes) {
			return nil, errNoPath
		}
		if err := c.ofNode(nodes[c.full].YNode()); err != nil {
			return nil, err
		}
	}
	err = both.Write(nodes)
	return [][]byte{b.Bytes()}, err
}

func writeGoccy(src []byte, c *change) ([][]byte, error) {
	file, err := parser.ParseBytes(src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if c != nil {
		if err := c.ofAST(file); err != nil {
			return nil, err
		}
	}
	text := []byte(file.String())
	return [][]byte{text, append(bytes.Clone(text), '\n')}, nil
}

// ofAST makes the change in a file as goccy has it.
func (c *change) ofAST(file *ast.File) error {
	full := 0
	for _, document := range file.Docs {
		if document.Body == nil || document.Body.Type() == ast.CommentType {
			continue
		}
		if full == c.full {
			return c.below(document.Body)
		}
		full++
	}
	return errNoPath
}

func (c *change) below(n ast.Node) error {
	for i, step := range c.path {
		last := i == len(c.path)-1 && !c.item
		switch step := step.(type) {
		case int:
			list, ok := n.(*ast.SequenceNode)
			if !ok || step >= len(list.Values) {
				return errNoPath
			}
			n = list.Values[step]
		case string:
			entry := entryOf(n, step)
			if entry == nil {
				return errNoPath
			}
			if last {
				text, ok := entry.Value.(*ast.StringNode)
				if !ok {
					return errNoPath
				}
				text.Value, text.Token.Value = c.text, c.text
				return nil
			}
			n = entry.Value
		}
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return errNoPath
	}
	item, err := parser.ParseBytes([]byte("- "+c.text), 0)
	if err != nil {
		return err
	}
	more, ok := item.Docs[0].Body.(*ast.SequenceNode)
	if !ok {
		return errNoPath
	}
	list.Merge(more)
	return nil
}

// entryOf is the entry of a key; goccy has a type of its own for a mapping of one.
func entryOf(n ast.Node, key string) *ast.MappingValueNode {
	var entries []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	}
	for _, entry := range entries {
		if entry.Key.GetToken().Value == key {
			return entry
		}
	}
	return nil
}
