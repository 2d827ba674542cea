// Package rules says what is wrong with a build: one rule a file, each a pure
// function of the built overlay.
//
// A rule is a value. One Go file declares it and adds it, one folder of cases
// under testdata/rules shows where it speaks and where it stays silent, and
// nothing else is edited:
//
//	var _ = add(Rule{
//		ID:       "naked-pod",
//		Title:    "a Pod without a controller",
//		Why:      "Nothing starts it again when its node goes away.",
//		Write:    "a Deployment, or a Job for work that ends",
//		Severity: Warning,
//		Check: func(pass *Pass) {
//			for o := range pass.Objects("Pod") {
//				pass.Report(o, overlay.Field{"kind"}, "…")
//			}
//		},
//	})
//
// Rules do no I/O, know nothing of GitHub or of what changed, and see built
// objects only. Where a finding points is not theirs to say: [Run] asks the
// build which line of which file set the field.
package rules

import (
	"encoding/json"
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Severity says how bad a finding is. The zero value is Off.
type Severity int

const (
	Off Severity = iota
	Info
	Warning
	Error
)

// A Rule is one thing that can be wrong with a build, as a logically constant value.
type Rule struct {
	// ID is kebab-case. It stands in people's configuration, so it never changes.
	ID string
	// Title says what is wrong in at most 60 letters, without a full stop.
	Title string
	// Why says in a sentence why it matters, Write what to write instead.
	Why, Write string
	// Severity is the default; Off for a rule that a configuration turns on.
	Severity Severity
	// Practices are the numbers of the practices of running applications that
	// the rule serves.
	Practices []int
	// Implies lists rules whose finding on the same object and container this
	// rule's finding stands for: theirs are dropped.
	Implies []string
	// Check looks at one build and reports.
	Check func(*Pass)
}

// A Policy is how a repository wants its rules, from its configuration. The
// zero value is every rule at its default.
type Policy struct {
	// Severities holds the rules whose severity is not the default.
	Severities map[string]Severity `json:"severities,omitempty"`
	// ClusterVersion is the Kubernetes version such as "1.34", "" where unknown.
	ClusterVersion string `json:"clusterVersion,omitempty"`
}

// A Pass is one [Rule] applied to one build.
type Pass struct {
	Rule   *Rule
	Build  *overlay.Build
	Policy Policy

	report func(*overlay.Object, overlay.Field, string, Severity)
	source func(*overlay.Object, overlay.Field) overlay.Source
	names  map[name]*overlay.Object // of named, made when it is first asked
}

// Report reports that the field of the object is at fault. A field that is
// absent is reported at the nearest field above it.
func (p *Pass) Report(o *overlay.Object, field overlay.Field, message string) {
	p.report(o, field, message, p.Rule.Severity)
}

// ReportAs is Report with a severity other than the rule's own default.
func (p *Pass) ReportAs(severity Severity, o *overlay.Object, field overlay.Field, message string) {
	p.report(o, field, message, severity)
}

// Source is where the field of the object is said. It costs a build of its own
// the first time, so a rule asks only about what it would report.
func (p *Pass) Source(o *overlay.Object, field overlay.Field) overlay.Source {
	return p.source(o, field)
}

// A Finding is one fault at its source. Seen in nine overlays it is one
// finding that names nine overlays.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	// Path, Line and Column are where the source says the field; EndLine is the
	// last line of it. Lines and columns count from 1.
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	EndLine int    `json:"endLine"`
	// Field is the field of the built object.
	Field overlay.Field `json:"field"`
	// Object is the object as the first of Overlays builds it; Origin as its
	// source document names it.
	Object overlay.ObjectRef `json:"object"`
	Origin overlay.ObjectRef `json:"origin"`
	// Others are the further objects that the same source is at fault for, as
	// Origin names them.
	Others []overlay.ObjectRef `json:"others,omitempty"`
	// Source is the whole answer to where the field is said; Path, Line and
	// Column repeat it.
	Source overlay.Source `json:"source"`
	// Overlays are the overlays that have the finding, sorted.
	Overlays []string `json:"overlays"`
	// Fingerprint is the finding's identity: rule and source file, with origin
	// and field, the entry of images or replicas, or the message where it is
	// about no object; never a line, never an overlay.
	Fingerprint string `json:"fingerprint"`
	// Reason tells findings of one rule apart, such as why a build failed.
	Reason string `json:"reason"`
	// Suppressed says who silenced the finding, nil where nobody did.
	Suppressed *Suppression `json:"suppressed"`
}

// A Suppression is a finding that somebody silenced, with the reason given.
type Suppression struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// A Fact is a small observation about one build for rules over several builds.
type Fact struct {
	Rule    string          `json:"rule"`
	Overlay string          `json:"overlay"`
	Data    json.RawMessage `json:"data"`
}

// String is "off", "info", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Off:
		return "off"
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// ParseSeverity reads what [Severity.String] writes.
func ParseSeverity(text string) (Severity, error) {
	for _, s := range []Severity{Off, Info, Warning, Error} {
		if s.String() == text {
			return s, nil
		}
	}
	return Off, fmt.Errorf("severity %q: want off, info, warning or error", text)
}

func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	*s = parsed
	return err
}
