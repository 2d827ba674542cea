package config

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A grading is what is said of rules, by their ids: as in [rules.Policy], and
// the environments in which a finding blocks.
type grading struct {
	severities map[string]rules.Severity
	in         map[string]map[string]rules.Severity
	block      map[string][]string
}

// elsewhere stands for the environments that a severity by environment does
// not name.
const elsewhere = "default"

// rules reads what is said of each rule: a severity, or a mapping with the
// severity, which may be one by environment, and where a finding blocks.
func (r *reader) rules(node *yaml.Node, to grading) {
	r.entries(node, func(key, value *yaml.Node) {
		if value != nil && !r.knownRule(key) {
			return
		}
		whole := r.wholeSeverity(key.Value, to)
		r.either(whole, func(n *yaml.Node) {
			r.mapping(n, keys{"severity": r.either(whole, r.severities(key.Value, to)), "block": func(n *yaml.Node) {
				var environments []string
				r.list(func(n *yaml.Node) {
					var name string
					if r.text(&name)(n); name != "" && r.knownEnvironment(n) {
						environments = append(environments, name)
					}
				})(n)
				if n != nil {
					to.block[key.Value] = environments
				}
			}})
		})(value)
	})
}

// wholeSeverity reads the one severity of a rule, which counts in all environments.
func (r *reader) wholeSeverity(rule string, to grading) func(*yaml.Node) {
	return r.severity(func(n *yaml.Node, s rules.Severity) {
		if r.unblocks(n, rule, s) {
			return
		}
		if lock, ok := r.lockBelow("rules." + rule + ".severity."); ok {
			r.fault(n, "%s is locked in line %d of %s; say here what counts in another environment, as in severity: {staging: %s}", lock.Key, lock.Line, lock.File, s)
			return
		}
		to.severities[rule] = s
		delete(to.in, rule)
		r.forget()
	})
}

// severities reads what counts in each environment, and elsewhere.
func (r *reader) severities(rule string, to grading) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.entries(n, func(key, value *yaml.Node) {
			switch {
			case value != nil && key.Value == elsewhere:
				if lock, ok := r.lockBelow("rules." + rule + ".severity."); ok {
					r.fault(key, "%s is locked in line %d of %s, and a default would count there too; name the environments that are meant", lock.Key, lock.Line, lock.File)
					return
				}
				r.severity(func(n *yaml.Node, s rules.Severity) {
					if !r.unblocks(n, rule, s) {
						to.severities[rule] = s
					}
				})(value)
			case value == nil || r.knownEnvironment(key):
				r.severity(func(n *yaml.Node, s rules.Severity) {
					if r.unblocks(n, rule, s) {
						return
					}
					in := cloned(to.in[rule]) // the file below keeps its own
					in[key.Value] = s
					to.in[rule] = in
				})(value)
			}
		})
	}
}

// unblocks reports whether a rule would be off that has to block, and tells so.
func (r *reader) unblocks(n *yaml.Node, rule string, s rules.Severity) bool {
	lock, locked := r.lock("rules." + rule + ".block")
	if locked && s == rules.Off {
		r.fault(n, "%s is locked in line %d of %s, and a rule that is off blocks nothing; write info, warning or error", lock.Key, lock.Line, lock.File)
	}
	return locked && s == rules.Off
}

// severity reads one. YAML 1.1 readers take a bare off for false; people write it bare.
func (r *reader) severity(set func(*yaml.Node, rules.Severity)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"enum": []rules.Severity{rules.Off, rules.Info, rules.Warning, rules.Error}}) {
			return
		}
		parsed, err := rules.ParseSeverity(n.Value)
		if err != nil {
			r.fault(n, "want off, info, warning or error, not %s%s", kind(n), r.meant(n, []string{"off", "info", "warning", "error"}))
			return
		}
		set(n, parsed)
	}
}

// either reads a mapping with one reader, and all else with another.
func (r *reader) either(word, mapping func(*yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case n == nil:
			word(nil)
			first := r.shape
			mapping(nil)
			r.shape = shape{"anyOf": []shape{first, r.shape}}
		case n.Kind == yaml.MappingNode:
			mapping(n)
		default:
			word(n)
		}
	}
}

// environments reads the overlays of each environment.
func (r *reader) environments(node *yaml.Node) {
	r.entries(node, func(key, value *yaml.Node) {
		if key.Value == elsewhere {
			r.fault(key, "%s stands for the environments that a severity does not name; give this one another name", elsewhere)
			return
		}
		var patterns []string
		r.patterns(&patterns)(value)
		r.config.Environments[key.Value] = patterns
	})
}

// namedEnvironments are the environments that a file can speak of: those of
// its own, and of the files above.
func namedEnvironments(document *yaml.Node, above overlay.Environments) []string {
	all := maps.Clone(above)
	if section := value(document, "environments"); section != nil && section.Kind == yaml.MappingNode {
		all = cloned(above)
		for i := 0; i+1 < len(section.Content); i += 2 {
			all[section.Content[i].Value] = nil
		}
	}
	return all.Names()
}

// knownEnvironment reports whether an overlay can be in an environment, and
// tells where it cannot. What the organisation's repositories call theirs, its
// file cannot know.
func (r *reader) knownEnvironment(n *yaml.Node) bool {
	if r.path == Organisation || slices.Contains(r.named, n.Value) {
		return true
	}
	hint := near(n.Value, r.named)
	if meant, _ := (overlay.Environments{}).Of(n.Value); slices.Contains(r.named, meant) {
		hint = near(meant, r.named)
	}
	r.fault(n, "no overlay is in an environment %q%s", n.Value, hint)
	return false
}
