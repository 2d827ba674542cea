package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/custom"
)

const (
	// maxChecks is how many bytes the checks of a configuration may have
	// together: 64 KB take about a second to compile, in each worker.
	maxChecks = 128 << 10
	maxID     = 60
	// maxSaid is how many letters a message may have.
	maxSaid = 300
)

// kebab is the form of a rule's id, as ignore comments can name it.
var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// custom reads rules in CEL. One takes the place of a rule with its id below.
func (r *reader) custom(node *yaml.Node, policy *rules.Policy) {
	seen := map[string]bool{}
	read := func(n *yaml.Node) {
		own, ok := r.ownRule(n)
		if !ok {
			return
		}
		if seen[own.ID] {
			r.fault(n, "there are two rules %q", own.ID)
			return
		}
		seen[own.ID] = true
		i := slices.IndexFunc(policy.Own, func(below rules.OwnRule) bool { return below.ID == own.ID })
		switch {
		case i >= 0:
			policy.Own[i] = own
		case len(policy.Own) >= r.config.Caps.OwnRules:
			r.fault(n, "%d rules of your own are allowed; this one is left out", r.config.Caps.OwnRules)
		default:
			policy.Own = append(policy.Own, own)
		}
	}
	if node == nil || node.Kind != yaml.SequenceNode {
		r.list(read)(node)
		return
	}
	for i, item := range node.Content {
		if len(r.faults) > maxFaults {
			return
		}
		name := fmt.Sprintf("[%d]", i)
		if id := value(item, "id"); id != nil && id.Value != "" {
			name = id.Value
		}
		r.item(name, target(item), read)
	}
}

// ownRule reads one rule and reports whether all of it is right.
func (r *reader) ownRule(node *yaml.Node) (rules.OwnRule, bool) {
	before := len(r.faults)
	own := rules.OwnRule{Severity: rules.Warning, Path: r.path}
	seen := r.mapping(node, keys{
		"id": func(n *yaml.Node) {
			if r.asked(n, shape{"type": "string", "pattern": kebab.String(), "maxLength": maxID}) {
				return
			}
			if _, taken := rules.ByID(n.Value); taken {
				r.fault(n, "there is a rule %q already; give yours another id", n.Value)
			} else if !kebab.MatchString(n.Value) || len(n.Value) > maxID {
				r.fault(n, "%q is no id; write small letters and digits with dashes between words, such as team-label", n.Value)
			}
			own.ID = n.Value
		},
		"kinds":    r.texts(&own.Kinds),
		"severity": r.severity(func(_ *yaml.Node, s rules.Severity) { own.Severity = s }),
		"message": func(n *yaml.Node) {
			if r.asked(n, shape{"type": "string", "minLength": 1, "maxLength": maxSaid}) {
				return
			}
			r.text(&own.Message)(n)
			if utf8.RuneCountInString(n.Value) > maxSaid || strings.ContainsFunc(n.Value, unicode.IsControl) {
				r.fault(n, "the message is one line of at most %d letters", maxSaid)
			}
		},
		"field": r.field(&own.Field, "metadata.labels"),
		"check": func(n *yaml.Node) {
			if r.asked(n, shape{"type": "string", "minLength": 1, "maxLength": custom.MaxCheck}) {
				return
			}
			r.text(&own.Check)(n)
			own.Line, own.Column = max(n.Line, 1), max(n.Column, 1)
		},
	})
	r.need(node, seen, "a rule of your own needs %s, as in {id: team-label, check: has(object.metadata.labels.team), message: say which team owns it}", "id", "check", "message")
	if own.Check != "" {
		own.AsksOld = r.compile(value(node, "check"), own.Check)
	}
	return own, node != nil && len(r.faults) == before
}

// compile tells what is wrong with a check, at its place in the file where the
// text stands there as it is read, and whether it asks what objects were.
func (r *reader) compile(n *yaml.Node, check string) (asksOld bool) {
	if r.checks += len(check); r.checks > maxChecks {
		r.fault(n, "the checks have more than %d KB together; this one is left out", maxChecks>>10)
		return false
	}
	compiled, faults := custom.Compile(check)
	for _, f := range faults {
		at := &yaml.Node{Line: n.Line, Column: n.Column}
		switch {
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == yaml.LiteralStyle:
			at.Line, at.Column = n.Line+f.Line, 1 // the text begins on the line below
		case n.Style == 0 && !strings.Contains(check, "\n"):
			at.Column += f.Column - 1
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && !strings.ContainsAny(check, "\n\\\"'"):
			at.Column += f.Column
		}
		hint := ""
		if f.Word != "" {
			hint = near(f.Word, f.Known)
		}
		r.fault(at, "%s%s (line %d, column %d of the check)", f.Message, hint, f.Line, f.Column)
	}
	return compiled != nil && compiled.AsksOld
}

// ownIDs are the ids of the rules that a file's custom section declares, right
// or wrong: its other sections may name them before it.
func ownIDs(document *yaml.Node) (ids []string) {
	section := value(document, "custom")
	if section == nil || section.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range section.Content {
		if id := value(target(item), "id"); id != nil && id.Kind == yaml.ScalarNode {
			ids = append(ids, id.Value)
		}
	}
	return ids
}

// value is what a mapping has at a key, nil for none.
func value(n *yaml.Node, key string) *yaml.Node {
	if n = target(n); n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return target(n.Content[i+1])
		}
	}
	return nil
}
