package rules

import (
	"cmp"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// A Section is what a policy says otherwise of a part of the repository.
type Section struct {
	// Path is a pattern of source files and overlays, as [Covers] reads it.
	Path string `json:"path"`
	// Severities and In are as those of a [Policy], and count there instead.
	Severities map[string]Severity            `json:"severities,omitempty"`
	In         map[string]map[string]Severity `json:"in,omitempty"`
	// ClusterVersion and ImageSize are too, where they say something.
	ClusterVersion string `json:"clusterVersion,omitempty"`
	ImageSize      int64  `json:"imageSize,omitempty"`
}

// Covers reports whether a pattern such as "teams/shop/**" names the source
// file of a finding, or every overlay that shows it. The empty pattern names all.
func Covers(pattern, file string, overlays []string) bool {
	if pattern == "" || doublestar.MatchUnvalidated(pattern, file) {
		return true
	}
	return len(overlays) > 0 && !slices.ContainsFunc(overlays, func(o string) bool { return !doublestar.MatchUnvalidated(pattern, o) })
}

// For is the policy for a file or an overlay at a path: with what the parts that
// it is in say of clusters and images.
func (p Policy) For(at string) Policy {
	for _, section := range p.Sections {
		if Covers(section.Path, at, nil) {
			p.ClusterVersion, p.ImageSize = cmp.Or(section.ClusterVersion, p.ClusterVersion), cmp.Or(section.ImageSize, p.ImageSize)
		}
	}
	return p
}

// ForAll is the policy for what overlays show together: of their clusters the
// oldest counts, and one that is not known before any.
func (p Policy) ForAll(overlays []string) Policy {
	oldest := p
	for i, o := range overlays {
		next := p.For(o)
		have, _ := oldest.clusterMinor()
		if minor, _ := next.clusterMinor(); i == 0 || minor < have {
			oldest = next
		}
	}
	return oldest
}

// SeverityAt is how bad a rule's finding is in a file that overlays of the
// environments show, where an environment that is not known is "". The last
// section that covers it and says something counts before what is said for all
// of the repository, and otherwise is what counts where nothing is said. Of
// several environments the severest counts.
func (p Policy) SeverityAt(rule string, otherwise Severity, file string, overlays, environments []string) Severity {
	if len(environments) == 0 {
		environments = []string{""}
	}
	severest := Off
	for _, environment := range environments {
		severest = max(severest, p.severityIn(environment, rule, otherwise, file, overlays))
	}
	return severest
}

func (p Policy) severityIn(environment, rule string, otherwise Severity, file string, overlays []string) Severity {
	for _, section := range slices.Backward(p.Sections) {
		if severity, set := said(section.Severities, section.In, rule, environment); set && Covers(section.Path, file, overlays) {
			return severity
		}
	}
	if severity, set := said(p.Severities, p.In, rule, environment); set {
		return severity
	}
	return otherwise
}

// said is the severity that is said of a rule in an environment, and whether any is.
func said(everywhere map[string]Severity, in map[string]map[string]Severity, rule, environment string) (severity Severity, set bool) {
	if severity, set = in[rule][environment]; !set {
		severity, set = everywhere[rule]
	}
	return severity, set
}

// grade is the severity of a finding: what the policy says there, else what
// the rule says itself, where Off is its default. A rule that is off by default
// and on in a part finds more than is asked for: that is Off.
func (p Policy) grade(rule *Rule, own Severity, file string, overlays, environments []string) Severity {
	if rule.Severity == Off || own == Off {
		own = rule.Severity
	}
	return p.SeverityAt(rule.ID, own, file, overlays, environments)
}

// Asks reports whether a rule is on, if only in a part of the repository or in
// one environment.
func (p Policy) Asks(rule *Rule) bool {
	if severity, set := p.Severities[rule.ID]; severity != Off || !set && rule.Severity != Off || anyOn(p.In[rule.ID]) {
		return true
	}
	return slices.ContainsFunc(p.Sections, func(s Section) bool { return s.Severities[rule.ID] != Off || anyOn(s.In[rule.ID]) })
}

func anyOn(in map[string]Severity) bool {
	for _, severity := range in {
		if severity != Off {
			return true
		}
	}
	return false
}
