package rules

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// A Section is what a policy says otherwise of a part of the repository.
type Section struct {
	// Path is a pattern of source files and overlays, as [Covers] reads it.
	Path string `json:"path"`
	// Severities count there instead of the policy's.
	Severities map[string]Severity `json:"severities,omitempty"`
}

// Covers reports whether a pattern such as "teams/shop/**" names the source
// file of a finding, or every overlay that shows it. The empty pattern names all.
func Covers(pattern, file string, overlays []string) bool {
	if pattern == "" || doublestar.MatchUnvalidated(pattern, file) {
		return true
	}
	return len(overlays) > 0 && !slices.ContainsFunc(overlays, func(o string) bool { return !doublestar.MatchUnvalidated(pattern, o) })
}

// SeverityAt is what the policy says of a rule's finding in a file that the
// overlays show, and whether it says anything: the last section that covers it
// counts before what is said for all of the repository.
func (p Policy) SeverityAt(rule, file string, overlays []string) (severity Severity, set bool) {
	for _, section := range slices.Backward(p.Sections) {
		if severity, set = section.Severities[rule]; set && Covers(section.Path, file, overlays) {
			return severity, true
		}
	}
	severity, set = p.Severities[rule]
	return severity, set
}

// grade is the severity of a finding: what the policy says there, else what
// the rule says itself, where Off is its default. A rule that is off by default
// and on in a section finds more than is asked for: that is Off.
func (p Policy) grade(rule *Rule, said Severity, file string, overlays []string) Severity {
	if severity, set := p.SeverityAt(rule.ID, file, overlays); set {
		return severity
	}
	if rule.Severity == Off || said == Off {
		return rule.Severity
	}
	return said
}

// asks reports whether a rule is on, if only in a part of the repository.
func (p Policy) asks(rule *Rule) bool {
	if severity, _ := p.severity(rule); severity != Off {
		return true
	}
	return slices.ContainsFunc(p.Sections, func(s Section) bool { return s.Severities[rule.ID] != Off })
}
