package config

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// ignores reads the entries that silence findings. Those of a part come after
// those of the repository.
func (r *reader) ignores(node *yaml.Node) {
	if node != nil && node.Kind == yaml.SequenceNode {
		r.config.Ignore = slices.DeleteFunc(r.config.Ignore, func(i Ignore) bool { return i.Section == r.section })
	}
	full := false
	r.list(func(n *yaml.Node) {
		switch {
		case full:
		case n != nil && len(r.config.Ignore) >= r.config.Caps.Ignores:
			full = true
			r.fault(n, "%d ignores are allowed; this one and those after it are left out", r.config.Caps.Ignores)
		default:
			r.ignore(n)
		}
	})(node)
}

func (r *reader) ignore(node *yaml.Node) {
	before := len(r.faults)
	ignore := Ignore{Section: r.section, File: r.path}
	seen := r.mapping(node, keys{
		"rule": func(n *yaml.Node) {
			if r.asked(n, shape{"type": "string", "minLength": 1}) || !r.knownRule(n) {
				return
			}
			lock, locked := r.lock("rules." + n.Value)
			if !locked {
				lock, locked = r.lockBelow("rules." + n.Value + ".")
			}
			if locked {
				r.fault(n, "%s is locked in line %d of %s, so no ignore of it counts here; take it out", lock.Key, lock.Line, lock.File)
			}
			ignore.Rule = n.Value
		},
		"path":    r.below(&ignore.Path),
		"overlay": r.below(&ignore.Overlay),
		"kind":    r.pattern(&ignore.Kind),
		"name":    r.pattern(&ignore.Name),
		"reason":  r.text(&ignore.Reason),
		"until":   r.day(&ignore.Until),
	})
	r.need(node, seen, "an ignore needs a %s", "rule", "reason")
	if node != nil && len(r.faults) == before {
		ignore.Line = node.Line
		r.config.Ignore = append(r.config.Ignore, ignore)
	}
}

// below reads a pattern of paths, which in the file of a folder is relative to it.
func (r *reader) below(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.pattern(to)(n); *to != "" {
			*to = r.folder + *to
		}
	}
}
