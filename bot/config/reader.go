package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
)

// A reader reads nodes strictly, keeps what is wrong with them, and fills a
// configuration. Asked about a nil node, it says what may stand there: the
// published schema is what the reader answers, see [Schema].
type reader struct {
	path   string
	config *Config
	// section is the pattern of the part that is read about, "" for all;
	// folder, with a slash at its end, is what patterns are relative to.
	section, folder string
	// locked are the keys of the files above.
	locked []Setting
	faults []rules.Finding
	own    []string // ids of the rules in CEL, of this file and below
	named  []string // environments that overlays can be in
	checks int      // bytes of their checks
	// settings are what the file says; forgotten is what it says anew, in parts
	// or whole.
	settings  []Setting
	forgotten map[place]bool
	// at are the keys on the way to what is read; items is how many of them
	// are items of lists.
	at    []string
	items int
	shape shape // of the last nil node
	// last are checks of one value against another, made when all are read.
	last []func()
}

// keys says who reads the value of which key.
type keys map[string]func(*yaml.Node)

// mapping reads a mapping whose every key must be known, and returns the keys
// it has.
func (r *reader) mapping(node *yaml.Node, known keys) map[string]bool {
	if node == nil {
		r.describe(known)
		return nil
	}
	seen := map[string]bool{}
	r.entries(node, func(key, value *yaml.Node) {
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

// need tells which of the keys of a mapping are missing that it cannot be without.
func (r *reader) need(node *yaml.Node, seen map[string]bool, message string, needed ...string) {
	if node == nil {
		r.shape["required"] = needed
		return
	}
	for _, key := range needed {
		if !seen[key] && node.Kind == yaml.MappingNode {
			r.fault(node, message, key)
		}
	}
}

// entries calls read for the entries of a mapping.
func (r *reader) entries(node *yaml.Node, read func(key, value *yaml.Node)) {
	if node == nil {
		read(&yaml.Node{}, nil)
		r.shape = shape{"type": "object", "additionalProperties": r.shape}
		return
	}
	node = target(node)
	if node.Kind != yaml.MappingNode {
		r.misshapen(node, "a mapping of keys and values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if len(r.faults) > maxFaults {
			return
		}
		key, value := node.Content[i], target(node.Content[i+1])
		if seen[key.Value] {
			r.fault(key, "the key %q stands here twice", key.Value)
			continue
		}
		seen[key.Value] = true
		if key.ShortTag() == "!!merge" {
			r.fault(key, "keys are not merged here; write those of %s themselves, or an alias in place of all", kind(node.Content[i+1]))
			continue
		}
		r.within(key.Value, key, value.Kind == yaml.ScalarNode, value, func() { read(key, value) })
	}
}

// list calls read for the items of a list, which takes the place of the one below.
func (r *reader) list(read func(*yaml.Node)) func(*yaml.Node) {
	return func(node *yaml.Node) {
		if node == nil {
			read(nil)
			r.shape = shape{"type": "array", "items": r.shape}
			return
		}
		if node.Kind != yaml.SequenceNode {
			r.misshapen(node, "a list")
			return
		}
		before := len(r.faults)
		if r.items == 0 {
			r.forget()
		}
		for i, item := range node.Content {
			if len(r.faults) > maxFaults {
				return
			}
			r.item(fmt.Sprintf("[%d]", i), target(item), read)
		}
		if r.items == 0 && len(r.faults) == before && !slices.ContainsFunc(node.Content, isMapping) {
			r.took(node, flow(node))
		}
	}
}

// item reads one item of a list under the name that it has there.
func (r *reader) item(name string, item *yaml.Node, read func(*yaml.Node)) {
	r.within(name, item, isMapping(item), item, func() {
		r.items++
		read(item)
		r.items--
	})
}

// text and the readers below read a scalar.
func (r *reader) text(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
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
		if r.asked(n, shape{"enum": words}) {
			return
		}
		if !slices.Contains(words, n.Value) {
			r.fault(n, "want one of %q, not %s%s", words, kind(n), r.meant(n, words))
			return
		}
		*to = n.Value
	}
}

func (r *reader) factor(to *float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "number", "minimum": 1}) {
			return
		}
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
		if r.asked(n, shape{"type": "boolean"}) {
			return
		}
		if err := n.Decode(to); err != nil || n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			r.fault(n, "want true or false, not %s", kind(n))
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

// maxFaults is how many faults of a file are told: each unknown name is held
// against all that there are, and nobody reads a thousand.
const maxFaults = 100

// told are the faults of the file, the last saying that there are more where
// reading ended before its end.
func (r *reader) told() []rules.Finding {
	if len(r.faults) > maxFaults {
		r.faults = r.faults[:maxFaults]
		r.fault(&yaml.Node{Line: r.faults[maxFaults-1].Line}, "%d faults are told, and the file is read no further; mend these first", maxFaults)
	}
	return r.faults
}

// target is the node that an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isMapping(n *yaml.Node) bool { return target(n).Kind == yaml.MappingNode }

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return "*" + n.Value
	case n.Tag == "!!null":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// meant is the word that one which is a few letters off may mean, as the end of
// a sentence; "" for none.
func (r *reader) meant(n *yaml.Node, words []string) string {
	if hint := near(strings.ToLower(n.Value), words); strings.HasPrefix(hint, "; did") {
		return hint
	}
	return ""
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
	if len(words) == 0 || len(words) > 12 {
		return ""
	}
	return fmt.Sprintf("; there are %q", words)
}

// maxFlow is how many bytes of a value are kept to be shown.
const maxFlow = 160

// flow is a value in one line.
func flow(n *yaml.Node) string {
	var b strings.Builder
	writeFlow(&b, n, 0)
	if b.Len() > maxFlow {
		return strings.ToValidUTF8(b.String()[:maxFlow], "") + "…"
	}
	return b.String()
}

// writeFlow writes a value as it is in braces. It ends early where the value is
// long or deep: an alias may stand in itself.
func writeFlow(b *strings.Builder, n *yaml.Node, depth int) {
	if n = target(n); b.Len() > maxFlow || depth > 8 {
		b.WriteString("…")
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteString("{")
		for i := 0; i+1 < len(n.Content) && b.Len() <= maxFlow; i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			writeFlow(b, n.Content[i], depth+1)
			b.WriteString(": ")
			writeFlow(b, n.Content[i+1], depth+1)
		}
		b.WriteString("}")
	case yaml.SequenceNode:
		b.WriteString("[")
		for i, item := range n.Content {
			if b.Len() > maxFlow {
				break
			}
			if i > 0 {
				b.WriteString(", ")
			}
			writeFlow(b, item, depth+1)
		}
		b.WriteString("]")
	default:
		text := n.Value
		if text == "" || n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 || strings.ContainsAny(text, "\n\t\r\x1b") {
			text = strconv.Quote(text)
		}
		b.WriteString(text)
	}
}
