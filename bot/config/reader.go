package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// A reader reads nodes strictly and keeps what is wrong with them.
type reader struct {
	path   string
	faults []rules.Finding
	own    []string // ids of the rules in CEL, of this file and below
	checks int      // bytes of their checks
}

// keys says who reads the value of which key.
type keys map[string]func(*yaml.Node)

// mapping reads a mapping whose every key must be known, and returns the keys it has.
func (r *reader) mapping(node *yaml.Node, known keys) map[string]bool {
	seen := map[string]bool{}
	r.each(node, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			r.fault(key, "there is no key %q here%s", key.Value, near(key.Value, slices.Sorted(maps.Keys(known))))
			return
		}
		seen[key.Value] = true
		read(value)
	})
	return seen
}

// each calls do for the entries of a mapping.
func (r *reader) each(node *yaml.Node, do func(key, value *yaml.Node)) {
	node = target(node)
	if node.Kind != yaml.MappingNode {
		r.fault(node, "want a mapping of keys and values, not %s", kind(node))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if seen[key.Value] {
			r.fault(key, "the key %q stands here twice", key.Value)
			continue
		}
		seen[key.Value] = true
		do(key, target(node.Content[i+1]))
	}
}

// list calls read for the items of a list.
func (r *reader) list(read func(*yaml.Node)) func(*yaml.Node) {
	return func(node *yaml.Node) {
		if node.Kind != yaml.SequenceNode {
			r.fault(node, "want a list, not %s", kind(node))
			return
		}
		for _, item := range node.Content {
			read(target(item))
		}
	}
}

func (r *reader) text(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			r.fault(n, "want a text, not %s", kind(n))
			return
		}
		*to = n.Value
	}
}

func (r *reader) texts(to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = nil
		r.list(func(n *yaml.Node) {
			var text string
			if r.text(&text)(n); text != "" {
				*to = append(*to, text)
			}
		})(n)
	}
}

func (r *reader) oneOf(to *string, words ...string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if !slices.Contains(words, n.Value) {
			r.fault(n, "%q is not one of %q", n.Value, words)
			return
		}
		*to = n.Value
	}
}

func (r *reader) count(to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		number, err := strconv.Atoi(n.Value)
		if err != nil || number < 0 {
			r.fault(n, "want a whole number from 0, not %q", n.Value)
			return
		}
		*to = number
	}
}

func (r *reader) factor(to *float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		number, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || number < 1 {
			r.fault(n, "want a number from 1, not %q: a limit below the request is refused by the cluster", n.Value)
			return
		}
		*to = number
	}
}

func (r *reader) flag(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if err := n.Decode(to); err != nil {
			r.fault(n, "want true or false, not %q", n.Value)
		}
	}
}

// fault keeps a finding at the node.
func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	f := rules.Finding{
		Rule: "config-invalid", Severity: rules.Error,
		Path: r.path, Line: max(n.Line, 1), Column: max(n.Column, 1), EndLine: max(n.Line, 1),
		Message: fmt.Sprintf(format, args...),
	}
	r.faults = append(r.faults, f.At(r.path))
}

// target is the node that an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// near is "; did you mean X?" with the nearest of words where that is a few
// letters off, else the words there are.
func near(word string, words []string) string {
	best, off := "", len(word)
	for _, w := range words {
		if d := levenshtein.ComputeDistance(word, w); d < off && d <= max(1, len(w)/3) {
			best, off = w, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(words) > 12 {
		return ""
	}
	return fmt.Sprintf("; there are %q", words)
}

var lineInError = regexp.MustCompile(`line (\d+)`)

// errorLine is the line that an error of the YAML parser names, else 1.
func errorLine(err error) int {
	if m := lineInError.FindStringSubmatch(err.Error()); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return line
		}
	}
	return 1
}
