package overlay

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
)

// serving is what the engine is given for the files of one build: documents
// behind the lines that are their addresses, inline patches as files of their
// own, so that they have addresses too.
type serving struct {
	snapshot  *Snapshot
	fs        *treeFS
	addresses *addresses
	uses      map[string]role // what the files are for, by path without links
	shared    map[string]bool // files that are used in more than one way
	// kustomizations are those served so far.
	kustomizations []*kustomization
	texts          []*text // in the order served
	pads           map[*text][]byte
	// edit gives texts in other words in place of the padding.
	edit func(*text) []byte
	// leaveOut picks patches, as the items of their lists, that the engine does
	// not see.
	leaveOut func(k *kustomization, item *yaml.Node) bool
}

func (s *Snapshot) newServing(address int) *serving {
	return &serving{snapshot: s, addresses: &addresses{next: address}, uses: map[string]role{}, shared: map[string]bool{}}
}

func (v *serving) over(fsys *treeFS) { v.fs = fsys }

// serve returns what the engine gets for the file at name.
func (v *serving) serve(name string, b *blob) []byte {
	if slices.Contains(kustomizationNames, path.Base(name)) {
		return v.kustomization(name, b)
	}
	r, ok := v.uses[name]
	if !ok || r != roleResource && r != rolePatch {
		return b.data
	}
	if r == rolePatch && v.otherwise() {
		if text, ok := withoutTests(b.data); ok {
			return text
		}
	}
	return v.pad(v.snapshot.text(name, b, r))
}

func (v *serving) pad(t *text) []byte {
	if v.edit != nil {
		return v.edit(t)
	}
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
	k := v.snapshot.parsed(name, name, b)
	if k.root == nil {
		return b.data
	}
	v.note(k)
	root := k.root
	for i, inline := range k.inlines {
		t := v.snapshot.inlinePatch(k, i)
		if text, ok := withoutTests([]byte(inline.node.Value)); ok && v.otherwise() {
			if root == k.root {
				root = clone(k.root)
			}
			replaceInline(k.root, root, inline, string(text))
		}
		if t == nil || inline.owner != nil && entry(inline.owner, "path") != nil {
			continue // nothing to move, or an entry that the engine refuses
		}
		if root == k.root {
			root = clone(k.root)
		}
		file := fmt.Sprintf(".kustodian-patch-%d-%s", i, path.Base(name))
		v.fs.virtual[path.Join(k.dir, file)] = v.pad(t)
		moveInline(k.root, root, inline, file)
	}
	if v.leaveOut != nil {
		root = v.withoutPatches(k, root)
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

// otherwise reports whether the files are served in other words, or not all of them.
func (v *serving) otherwise() bool { return v.edit != nil || v.leaveOut != nil }

// withoutTests is the text of a JSON patch without its tests; false where it is
// none, or has none.
func withoutTests(data []byte) ([]byte, bool) {
	ops := jsonOps(data)
	if ops == nil || len(untested(ops).Content) == len(ops.Content) {
		return nil, false
	}
	// As JSON, which the engine makes of it too: yaml.v3 cannot read each text
	// that it prints.
	text, err := k8syaml.ToJSON(data)
	var all []json.RawMessage
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil, false
	}
	kept := []json.RawMessage{}
	for i, op := range ops.Content {
		if scalar(child(op, "op")) != "test" {
			kept = append(kept, all[i])
		}
	}
	text, err = json.Marshal(kept)
	return text, err == nil
}

// note notes what the files that a kustomization names are for. A file that is
// data as well as something else is data: its bytes are not to be touched.
func (v *serving) note(k *kustomization) {
	v.kustomizations = append(v.kustomizations, k)
	for _, ref := range k.refs {
		at, err := v.snapshot.resolve(path.Join(k.dir, ref.text))
		if err != nil || at.kind == Folder {
			continue
		}
		r, ok := v.uses[at.path]
		if ok && r != ref.role {
			v.shared[at.path] = true
		}
		if !ok || rank(ref.role) > rank(r) {
			v.uses[at.path] = ref.role
		}
	}
}

// rank orders the uses of one file: the one that must have its bytes as they
// are comes last.
func rank(r role) int {
	switch r {
	case rolePatch:
		return 1
	case roleConfig:
		return 2
	case roleEnv:
		return 3
	case roleData:
		return 4
	case roleOther:
		return 5
	}
	return 0
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
			copied.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: file, Line: c.Line, Column: c.Column}
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

// withoutPatches takes the patches that leaveOut picks out of a kustomization.
func (v *serving) withoutPatches(k *kustomization, root *yaml.Node) *yaml.Node {
	copied := clone(root)
	eachEntry(copied, func(key string, list *yaml.Node) {
		if key = folded(key); key != "patches" && key != "patchesjson6902" && key != "patchesstrategicmerge" {
			return
		}
		list.Content = slices.DeleteFunc(list.Content, func(item *yaml.Node) bool {
			return v.leaveOut(k, item)
		})
	})
	return copied
}
