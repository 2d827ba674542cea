package overlay

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

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
	if inline.role != rolePatch || strings.Trim(before, "\n") != "" {
		return nil
	}
	var patch yaml.Node
	if yaml.Unmarshal([]byte(value), &patch) != nil || len(patch.Content) == 0 || patch.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	t := splitText(k.path, []byte(value+"\n"), rolePatch)
	t.inlinePlace = k.placeOf(inline)
	t.blank = len(before)
	return t
}

// inlinePlace is where a text stands: in a file of its own, or inside a scalar
// of one.
type inlinePlace struct {
	path string
	// scalar is the place of the scalar; zero where the text is a file.
	scalar place
	// lines are the places of the runes of the scalar's value, line by line, and
	// of what ends each line. There are none where it cannot be told which part
	// of the scalar says which of the value: all of the text is at one place.
	lines [][]place
	blank int // how many lines of the value come before the text
	fixed bool
}

// placeOf finds the place of the text inside a scalar of a kustomization.
func (k *kustomization) placeOf(inline inlineText) inlinePlace {
	n := inline.node
	p := inlinePlace{path: k.path, scalar: place{n.Line, n.Column}}
	offsets, ok := written(k.data, n)
	if p.fixed = !ok; p.fixed {
		return p
	}
	at, from := p.scalar, 0 // the place of offset from
	if from, ok = offsetOf(k.data, n.Line, n.Column); !ok {
		p.fixed = true
		return p
	}
	line := []place{}
	for i, r := range n.Value {
		for from < offsets[i] {
			_, size := utf8.DecodeRune(k.data[from:])
			at.column++
			if k.data[from] == '\n' {
				at = place{at.line + 1, 1}
			}
			from += size
		}
		line = append(line, at)
		if r == '\n' {
			p.lines, line = append(p.lines, line), nil
		}
	}
	at.column++
	p.lines = append(p.lines, append(line, at))
	return p
}

// of is the source of a node of the text.
func (p inlinePlace) of(n *yaml.Node) Source { return p.down(n, 0) }

// down is the source of a node of a document that begins so many lines down
// the text.
func (p inlinePlace) down(n *yaml.Node, lines int) Source {
	start := p.in(place{n.Line + lines, n.Column})
	s := Source{Path: p.path, Line: start.line, Column: start.column}
	if !p.fixed {
		end := lastPlace(n)
		s.EndLine = p.in(place{end.line + lines, end.column}).line
	}
	return s
}

// in is the place in the file of a place in the text.
func (p inlinePlace) in(at place) place {
	if p.fixed {
		return p.scalar
	}
	if p.lines == nil {
		return at
	}
	line := p.lines[min(at.line-1+p.blank, len(p.lines)-1)]
	return line[min(max(at.column, 1), len(line))-1]
}

// lastPlace is about where a node ends.
func lastPlace(n *yaml.Node) place {
	last := place{endLine(n), n.Column}
	if n.Kind == yaml.ScalarNode && last.line == n.Line {
		last.column += max(utf8.RuneCountInString(n.Value)-1, 0)
	}
	for _, c := range n.Content {
		if below := lastPlace(c); below.line > last.line || below.line == last.line && below.column > last.column {
			last = below
		}
	}
	return last
}
