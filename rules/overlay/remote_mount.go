package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scanRemote notes a reference to something remote that is not followed: as
// yet, where it is one that somebody may answer.
func (s *Snapshot) scanRemote(sc *folderScan, k *kustomization, ref reference) {
	const would = "would be fetched; copy it into this repository and refer to its path"
	base, ok := ParseRemote(ref.text)
	if !ok || base.isFile() || ref.role != roleResource && ref.role != roleComponent {
		sc.refuse(ReasonRemote, k.path, ref.node, ref.text, would)
		return
	}
	sc.ask(base)
	message := would + ", or have the operator allow it as a remote base"
	if !base.Pinned() {
		message += ", pinned by ?ref= to a full commit"
	}
	if answer, ok := s.options.answerTo(base); ok {
		message = answer.Refused
	}
	sc.refuse(ReasonRemote, k.path, ref.node, ref.text, message)
}

// ask notes a remote base.
func (sc *folderScan) ask(base RemoteBase) {
	if !slices.Contains(sc.asked, base) {
		sc.asked = append(sc.asked, base)
	}
}

// leaves reports whether a path that a remote base names leads out of that base.
func (k *kustomization) leaves(ref reference) bool {
	root := remoteRoot(k.dir)
	return root != "" && !ref.isRemote() && !below(path.Join(k.dir, ref.text), root)
}

// isRemote reports whether a reference is written as one to something remote;
// its text may be the path at which that is seen.
func (r reference) isRemote() bool {
	return (r.role == roleResource || r.role == roleComponent) && remote(r.node.Value)
}

// remoteFault says why a reference to a remote base that was found, or not, is
// none that kustomize takes; "" for any other.
func (r reference) remoteFault(at found, err error) string {
	switch {
	case !r.isRemote():
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "names a folder that the commit does not have"
	case err == nil && at.kind != Folder:
		return "names a file; of another repository kustomize takes folders only"
	}
	return ""
}

// withRemotes is a kustomization with the paths of remote bases in place of the
// references to them; the kustomization itself where it has none that is
// followed. Its other nodes are shared with k.
func (s *Snapshot) withRemotes(k *kustomization) *kustomization {
	if len(s.options.Remotes) == 0 || k.root == nil {
		return k
	}
	s.known.mounting.Lock()
	defer s.known.mounting.Unlock()
	if known, ok := s.known.mounted[k]; ok {
		return known
	}
	s.known.mounted[k] = s.mount(k)
	return s.known.mounted[k]
}

func (s *Snapshot) mount(k *kustomization) *kustomization {
	m := *k
	m.refs = slices.Clone(k.refs)
	paths := map[string]string{} // by reference
	for i, ref := range m.refs {
		at, ok := s.options.mounted(ref.text)
		if ok && (ref.role == roleResource || ref.role == roleComponent) {
			m.refs[i].text = relative(k.dir, at)
			paths[ref.text] = m.refs[i].text
		}
	}
	if len(paths) == 0 {
		return k
	}
	root := *k.root
	root.Content = slices.Clone(root.Content)
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch folded(root.Content[i].Value) {
		case "resources", "bases", "components":
			root.Content[i+1] = replaced(root.Content[i+1], paths)
		}
	}
	m.root = &root
	var err error
	if m.printed, err = yaml.Marshal(clone(&root)); err != nil {
		return k
	}
	m.seen = seenByEngine(m.printed)
	return &m
}

// replaced is a list of scalars with some of them in other words, at the same
// lines and columns.
func replaced(list *yaml.Node, words map[string]string) *yaml.Node {
	if list = deref(list); list.Kind != yaml.SequenceNode {
		return list
	}
	copied := *list
	copied.Content = slices.Clone(list.Content)
	for i, item := range copied.Content {
		item = deref(item)
		if word, ok := words[item.Value]; ok && item.Kind == yaml.ScalarNode {
			copied.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: word, Line: item.Line, Column: item.Column}
		}
	}
	return &copied
}

// enterRemote notes the entry that leads into the remote base that dir is in:
// the one in the tree itself, however many remote bases lie between.
func (c *closure) enterRemote(dir string, from *referral) {
	root := remoteRoot(dir)
	if _, known := c.entries[root]; known || root == "" || from == nil {
		return
	}
	if through := remoteRoot(from.from.path); through != "" {
		c.entries[root] = c.entries[through]
		return
	}
	c.entries[root] = Mention{Path: from.from.path, Line: from.ref.node.Line, Column: from.ref.node.Column, Text: from.ref.node.Value}
}

// placeInTree gives what stands in remote bases its place in the tree: the
// entry that names the base.
func (s *Snapshot) placeInTree(c *closure) {
	for i, r := range c.refusals {
		if named, ok := c.entries[remoteRoot(r.Path)]; ok {
			c.refusals[i] = Refusal{Reason: r.Reason, Path: named.Path, Line: named.Line, Column: named.Column, Text: named.Text,
				Message: fmt.Sprintf("cannot be built: %s at line %d: %s", s.options.remoteName(r.Path), r.Line, s.InWords(strings.TrimSpace(r.Text+" "+r.Message)))}
		} else {
			c.refusals[i].Text, c.refusals[i].Message = s.InWords(r.Text), s.InWords(r.Message)
		}
	}
	own := func(m Mention) bool { return InRemote(m.Path) }
	c.outside, c.generated = slices.DeleteFunc(c.outside, own), slices.DeleteFunc(c.generated, own)
}

// remotePath finds the paths of remote bases in a text.
var remotePath = regexp.MustCompile(`(?:\.\./)*` + regexp.QuoteMeta(RemoteFolder) + `/[0-9a-f]{16}-[0-9a-f]{40}(?:/[^\s'",:;]*)?`)

// InWords is a text with references in place of the paths at which remote bases
// are shown.
func (s *Snapshot) InWords(text string) string {
	if !strings.Contains(text, RemoteFolder) {
		return text
	}
	return remotePath.ReplaceAllStringFunc(text, func(p string) string {
		return s.options.remoteName(p[strings.Index(p, RemoteFolder):])
	})
}

// brokenInTree is a broken build told at the entry of the tree that names the
// remote base which breaks it.
func (s *Snapshot) brokenInTree(c *closure, e *BuildError) *BuildError {
	if len(s.options.Remotes) == 0 {
		return e
	}
	told := *e
	told.Message, told.Hint, told.Said = s.InWords(e.Message), s.InWords(e.Hint), s.InWords(e.Said)
	if named, ok := c.entries[remoteRoot(e.Path)]; ok {
		told.Message = fmt.Sprintf("%s at line %d: %s", s.options.remoteName(e.Path), e.Line, told.Message)
		told.Path, told.Line, told.Column, told.Hint = named.Path, named.Line, named.Column, ""
	}
	return &told
}

// InTree is a source with the entry of the tree that names the remote base
// which it is in; any other source as it is.
func (b *Build) InTree(s Source) Source {
	if len(b.closure.entries) == 0 {
		return s
	}
	if named, ok := b.closure.entries[remoteRoot(s.Path)]; ok && s.Remote == nil {
		named.Text = b.snapshot.options.remoteName(s.Path)
		s.Remote = &named
	}
	s.Via = slices.Clone(s.Via)
	for i, via := range s.Via {
		s.Via[i] = b.InTree(via)
	}
	return s
}
