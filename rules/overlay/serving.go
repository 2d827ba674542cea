package overlay

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// serving is what the engine is given for the files of one build: documents
// behind the lines that are their addresses, inline patches as files of their
// own, so that they have addresses too.
type serving struct {
	snapshot  *Snapshot
	fs        *treeFS
	addresses *addresses
	padded    map[string]role // files of objects and patches, by path without links
	raw       map[string]bool // files that are used as data also
	texts     []*text         // in the order served
	pads      map[*text][]byte
}

// serve returns what the engine gets for the file at name.
func (v *serving) serve(name string, b *blob) []byte {
	if slices.Contains(kustomizationNames, path.Base(name)) {
		return v.kustomization(name, b)
	}
	r, ok := v.padded[name]
	if !ok || v.raw[name] {
		return b.data
	}
	return v.pad(v.snapshot.text(name, b, r))
}

func (v *serving) pad(t *text) []byte {
	if data, ok := v.pads[t]; ok {
		return data
	}
	if v.pads == nil {
		v.pads = map[*text][]byte{}
	}
	v.texts = append(v.texts, t)
	data := v.addresses.pad(t)
	v.pads[t] = data
	return data
}

// kustomization notes what the files that it names are for, and moves its
// inline merge patches to files beside it.
func (v *serving) kustomization(name string, b *blob) []byte {
	k := v.snapshot.parsed(name, b)
	if k.root == nil {
		return b.data
	}
	for _, ref := range k.refs {
		at, err := v.snapshot.resolve(path.Join(k.dir, ref.text))
		if err != nil {
			continue
		}
		switch ref.role {
		case roleData, roleEnv, roleOther, roleConfig:
			v.raw[at.path] = true
		case roleResource, rolePatch:
			v.padded[at.path] = ref.role
		}
	}
	root := k.root
	for i, inline := range k.inlines {
		t := v.snapshot.inlinePatch(k, i)
		if t == nil {
			continue
		}
		if root == k.root {
			root = clone(k.root)
		}
		file := fmt.Sprintf(".kustodian-patch-%d-%s", i, path.Base(name))
		v.fs.virtual[path.Join(k.dir, file)] = v.pad(t)
		moveInline(k.root, root, inline, file)
	}
	if root == k.root {
		return b.data
	}
	data, err := yaml.Marshal(root)
	if err != nil {
		return b.data
	}
	return data
}

// moveInline lets the copy of a kustomization name a file where the original
// holds a text.
func moveInline(original, copied *yaml.Node, inline inlineText, file string) {
	if original == inline.owner {
		for i := 0; i+1 < len(original.Content); i += 2 {
			if original.Content[i+1] == inline.node {
				copied.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: "path"}
				copied.Content[i+1] = &yaml.Node{Kind: yaml.ScalarNode, Value: file}
			}
		}
		return
	}
	for i, c := range original.Content {
		if c == inline.node && inline.owner == nil {
			copied.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: file}
			continue
		}
		moveInline(c, copied.Content[i], inline, file)
	}
}

// clone copies a tree of nodes; aliases are replaced by what they stand for.
func clone(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	c := *n
	c.Anchor = ""
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		c.Content[i] = clone(item)
	}
	return &c
}

// text parts the file at name, once per content.
func (s *Snapshot) text(name string, b *blob, r role) *text {
	key := fmt.Sprint(name, "\x00", b.hash, r)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	t := s.store.texts[key]
	if t == nil {
		t = splitText(name, b.data, r)
		s.store.texts[key] = t
	}
	return t
}

// inlinePatch returns the i-th inline text of a kustomization where that is a
// strategic-merge patch, else nil.
func (s *Snapshot) inlinePatch(k *kustomization, i int) *text {
	key := fmt.Sprint(k.path, "\x00", k.hash, "#", i)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	t, ok := s.store.texts[key]
	if !ok {
		t = newInlinePatch(k, k.inlines[i])
		s.store.texts[key] = t
	}
	return t
}

func newInlinePatch(k *kustomization, inline inlineText) *text {
	value := strings.TrimSpace(inline.node.Value)
	before, _, _ := strings.Cut(inline.node.Value, value)
	if inline.role != rolePatch || strings.Trim(before, "\n") != "" || strings.HasPrefix(value, "[") || strings.HasPrefix(value, "- ") {
		return nil
	}
	var patch yaml.Node
	if yaml.Unmarshal([]byte(value), &patch) != nil || len(patch.Content) == 0 || patch.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	t := splitText(k.path, []byte(value+"\n"), rolePatch)
	t.line, t.column, t.fixed = inline.node.Line, inline.node.Column, true
	if inline.node.Style&yaml.LiteralStyle != 0 {
		t.fixed = false
		t.line += strings.Count(before, "\n")
		t.column = 0 // set from the file's text
	}
	return t
}
