package overlay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxLeftOut bounds the entries that are left out of one overlay to build the
// rest of it. The most that a real overlay needed is five.
const maxLeftOut = 20

// Parts builds what can be built of an overlay that cannot be built whole: the
// overlay without the entries that are refused, missing or broken, else the
// largest overlays that it refers to. What is left out of a build stands in
// its Without. None, and no error, where nothing can be built, or where the
// overlay is more than [Limits] allows.
func (s *Snapshot) Parts(ctx context.Context, dir string) ([]*Build, error) {
	parts, err := s.parts(ctx, dir, map[string]bool{})
	if errors.Is(err, errBeyondLimits) {
		return nil, nil
	}
	return parts, err
}

// errBeyondLimits ends the search for parts: what is too much as a whole was
// made to be, and its parts would be no better.
var errBeyondLimits = errors.New("more than the limits allow")

// parts builds the parts of an overlay, those in done left out.
func (s *Snapshot) parts(ctx context.Context, dir string, done map[string]bool) ([]*Build, error) {
	if done[dir] {
		return nil, nil
	}
	done[dir] = true
	b, err := s.largest(ctx, dir)
	if err != nil {
		return nil, err
	}
	if b != nil {
		return []*Build{b}, nil
	}
	sc, err := s.scan(dir)
	if err != nil {
		return nil, err
	}
	var all []*Build
	for _, to := range sc.refers {
		if to.ref.role != roleResource {
			continue
		}
		parts, err := s.parts(ctx, to.dir, done)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}

// largest builds an overlay without what keeps it from being built; nil where
// that cannot be told apart from the rest, or nothing is left.
func (s *Snapshot) largest(ctx context.Context, dir string) (*Build, error) {
	var without []Mention
	for len(without) <= maxLeftOut {
		c, err := s.closure(ctx, dir)
		if err != nil {
			return nil, fmt.Errorf("looking for what breaks %s: %w", dir, err)
		}
		b, err := s.buildAll(ctx, dir, c)
		var broken *BuildError
		switch {
		case err == nil && len(b.Objects) == 0:
			return nil, nil
		case err == nil:
			b.Without = without
			return b, nil
		case !errors.As(err, &broken):
			return nil, err
		case broken.Reason == ReasonLimit:
			return nil, errBeyondLimits
		}
		next, left, err := s.leaveOut(c, broken)
		if err != nil || next == nil {
			return nil, err
		}
		s, without = next, append(without, left)
	}
	return nil, nil
}

// leaveOut returns the tree without the entry of a kustomization that broke an
// overlay; nil where that is none.
func (s *Snapshot) leaveOut(c *closure, broken *BuildError) (*Snapshot, Mention, error) {
	for _, k := range c.kustomizations {
		line := s.lineOf(k, broken)
		if line == 0 || k.root == nil {
			continue
		}
		data, text := withoutEntry(k, line)
		if data == nil {
			continue
		}
		at, err := s.resolve(k.path)
		if err != nil {
			return nil, Mention{}, err
		}
		return s.Change(map[string][]byte{at.path: data}), Mention{Path: k.path, Line: line, Column: 1, Text: text}, nil
	}
	return nil, Mention{}, nil
}

// lineOf is the line of a kustomization that what broke stands on, or that
// names the file or folder that broke; 0 for neither.
func (s *Snapshot) lineOf(k *kustomization, broken *BuildError) int {
	if k.path == broken.Path && k.root != nil {
		return broken.Line
	}
	for _, ref := range k.refs {
		at, err := s.resolve(path.Join(k.dir, ref.text))
		if err == nil && (at.path == broken.Path || at.kind == Folder && at.path == path.Dir(broken.Path)) {
			return ref.node.Line
		}
	}
	return 0
}

// withoutEntry is the text of a kustomization with the entry on a line turned
// into a comment, so that the other lines stay where they are; nil where no
// entry stands there.
func withoutEntry(k *kustomization, line int) (data []byte, text string) {
	lines := bytes.SplitAfter(k.data, []byte("\n"))
	first, last := entryLines(k.root, line, len(lines))
	if first == 0 {
		return nil, ""
	}
	for i := first - 1; i < last && i < len(lines); i++ {
		from := bytes.IndexFunc(lines[i], func(r rune) bool { return r != ' ' && r != '\r' && r != '\n' })
		if from < 0 {
			continue
		}
		if lines[i][from] > 0x7f {
			return nil, ""
		}
		lines[i] = bytes.Clone(lines[i])
		lines[i][from] = '#'
	}
	was := bytes.SplitAfter(k.data, []byte("\n"))[line-1]
	return bytes.Join(lines, nil), strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(was)), "-"))
}

// entryLines are the first and last line of the entry that a line is in: the
// item of a list in block style, else the key with all that is below it.
func entryLines(root *yaml.Node, line, end int) (first, last int) {
	i, ok := before(root.Content, 2, line)
	if !ok || root.Style&yaml.FlowStyle != 0 || root.Content[i].Value == "apiVersion" || root.Content[i].Value == "kind" {
		return 0, 0
	}
	first, last = root.Content[i].Line, end
	if i+2 < len(root.Content) {
		last = root.Content[i+2].Line - 1
	}
	list := root.Content[i+1]
	if list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 {
		return first, last
	}
	j, ok := before(list.Content, 1, line)
	if !ok {
		return 0, 0
	}
	first = list.Content[j].Line
	if j+1 < len(list.Content) {
		last = list.Content[j+1].Line - 1
	}
	return first, last
}

// before is the index of the last node, of each so many, that begins on a line
// or before it.
func before(nodes []*yaml.Node, each, line int) (int, bool) {
	found := -1
	for i := 0; i < len(nodes); i += each {
		if nodes[i].Line <= line {
			found = i
		}
	}
	return found, found >= 0
}
