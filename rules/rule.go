package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

// A Severity says how bad a finding is. The zero value is Off.
type Severity int

const (
	Off Severity = iota
	Info
	Warning
	Error
)

// A Rule is one thing that can be wrong, as a logically constant value. It has
// one or more of Survey, Check and Join; without any it is found elsewhere.
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
	// Production is set where the rule speaks only of overlays that are known
	// to be production.
	Production bool
	// Presence is set where the rule misses something that is not there: such
	// a finding is never a comment on code that a change did not touch.
	Presence bool
	// Together is set where what the rule finds in one container, by one file,
	// is one problem: it is told once, with all the names.
	Together bool
	// Parts is set where the rule also speaks of what nobody deploys as it is,
	// see [Subject].Part and [Trial]; then it never says more than a warning.
	Parts bool
	// Since is the day (YYYY-MM-DD) of the version that brought the rule, ""
	// for the first version: for its first 30 days a rule is only listed in sweeps.
	Since string
	// Sweeps is set where the rule speaks of a whole repository only, and never
	// of a change.
	Sweeps bool
	// Survey looks at the tree before any build.
	Survey func(*Survey)
	// Check looks at one build: it reports, and may note facts for Join.
	Check func(*Pass)
	// Join looks at what Check noted of every overlay, at head and base. A
	// rule that has facts and no base to compare them with decides what that means.
	Join func(*Joint)
}

// Looks reports whether the rule looks for its faults itself: others, such as
// build-failed, are found while a tree is read.
func (r *Rule) Looks() bool { return r.Survey != nil || r.Check != nil || r.Join != nil }

// A Policy is how a repository wants its rules, from its configuration. The
// zero value is every rule at its default.
type Policy struct {
	// Severities holds the rules whose severity is not the default.
	Severities map[string]Severity `json:"severities,omitempty"`
	// In holds, by rule and environment, what counts in that environment
	// before Severities.
	In map[string]map[string]Severity `json:"in,omitempty"`
	// Sections say otherwise of parts of the repository; of those that cover a
	// finding the last counts.
	Sections []Section `json:"sections,omitempty"`
	// ClusterVersion is the Kubernetes version such as "1.34", "" where unknown.
	ClusterVersion string `json:"clusterVersion,omitempty"`
	// CPULimits is CPULimitsForbid or CPULimitsRequire, "" where the
	// repository has no opinion.
	CPULimits string `json:"cpuLimits,omitempty"`
	// Contact are the annotations that say whom to call, as the repository calls them.
	Contact []string `json:"contact,omitempty"`
	// Kinds are the repository's own custom resources that hold containers.
	Kinds []Kind `json:"kinds,omitempty"`
	// ImageSize is how many bytes an image may have as it is pulled; 0 means 1 GiB.
	ImageSize int64 `json:"imageSize,omitempty"`
	// Own are the repository's own rules.
	Own []OwnRule `json:"own,omitempty"`
	// OwnCost is what all of Own may cost on one build, in units of CEL; 0 is
	// [custom.DefaultCost].
	OwnCost uint64 `json:"ownCost,omitempty"`
}

// ClusterAtLeast reports whether the cluster is known to have a version of
// Kubernetes 1.minor or later.
func (p Policy) ClusterAtLeast(minor int) bool {
	have, known := p.clusterMinor()
	return known && have >= minor
}

func (p Policy) clusterMinor() (minor int, known bool) {
	var major int
	_, err := fmt.Sscanf(p.ClusterVersion, "%d.%d", &major, &minor)
	return minor, err == nil && major == 1
}

// A Subject is a build with what is known of it beside what it holds.
type Subject struct {
	Build *overlay.Build
	// Part is set for a build that nobody deploys as it is: a part of a root
	// that does not build, or a base that nothing builds on.
	Part bool
	// Before is the same overlay before the change, nil where nothing is
	// compared, or where nobody knows what it was. A build without objects is
	// that of an overlay that is new.
	Before *overlay.Build
	// Additions are made to the build before it is applied.
	Additions []Addition
	// Published are the files that hold for others what the build may hold, as
	// [Published] returns them.
	Published map[string]string
	// Definitions are the schemas of custom resources that the repository
	// holds; those of the build itself need not be among them.
	Definitions schema.Definitions
	// Apart has each finding in a file that a program writes told by itself,
	// as those of other files are, where otherwise one of a rule stands for all.
	Apart bool
}

// A Pass is one [Rule] applied to one build. The overlay's environment, and
// whether that is production, stand in Build; an unknown one is not.
type Pass struct {
	Rule   *Rule
	Build  *overlay.Build
	Policy Policy

	index *index
	run   *run
}

// Reading is a pass of no rule: it looks up what rules do, and reports nothing.
func Reading(build *overlay.Build, policy Policy) *Pass {
	return &Pass{Build: build, Policy: policy, index: newIndex(build, policy)}
}

// Report reports that the field of the object is at fault. A field that is
// absent is reported at the nearest field above it.
func (p *Pass) Report(o *overlay.Object, field overlay.Field, message string) {
	p.Fault(Fault{Object: o, Field: field, Message: message})
}

// ReportAs is Report with a severity other than the rule's own default.
func (p *Pass) ReportAs(severity Severity, o *overlay.Object, field overlay.Field, message string) {
	p.Fault(Fault{Object: o, Field: field, Message: message, Severity: severity})
}

// A Fault is what a rule reports. Its zero fields are filled in.
type Fault struct {
	// Object and Field are what is at fault; without an Object it is Source.
	Object *overlay.Object
	Field  overlay.Field
	// Source is the place to report where the object has none or another is
	// better; the zero Source is where the build says Field.
	Source overlay.Source
	// Severity is the rule's own where zero.
	Severity Severity
	// Reason tells findings of one rule apart. A fault without an object is
	// told from others by its Reason, and by its Message without numbers.
	Reason  string
	Message string
	// Whole is set where the fault stands for what its rule implies in all
	// containers of the object, not only in the one that it is reported at.
	Whole bool
	// Covers is set where the fault stands for every other rule's on the object.
	Covers bool
}

// Fault reports a fault.
func (p *Pass) Fault(f Fault) { p.run.add(p.Rule, f) }

// Fact notes a small observation for the rule's Join. It must encode as JSON
// and hold no secret: it is kept.
func (p *Pass) Fact(data any) { p.run.note(p.Rule, data) }

// Ask is Fact for what cannot be judged before the registry of an image was
// asked; its answer is in Joint.Images under the same reference.
func (p *Pass) Ask(image string, data any) {
	p.run.note(p.Rule, data)
	p.run.facts[len(p.run.facts)-1].Image = image
}

// Place is where the field of the object stands, as a fact can hold it.
func (p *Pass) Place(o *overlay.Object, field overlay.Field) Place {
	return Place{Object: o.Ref, Origin: o.Origin, Field: field, Source: p.Source(o, field)}
}

// Source is where the field of the object is said. It costs a build of its own
// the first time, so a rule asks only about what it would report.
func (p *Pass) Source(o *overlay.Object, field overlay.Field) overlay.Source {
	return p.run.source(o, field)
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
	// Presence is set where the finding misses something that is not there.
	Presence bool `json:"presence,omitempty"`
	// Written is who writes the file where no person of the repository does: a
	// program, another project, or the file of a remote base. The finding then
	// stands for all of its rule there.
	Written string `json:"written,omitempty"`
	// SetBy says what Flux or Argo CD does to the field once the overlays are
	// built, such as "Flux Kustomization shop in clusters/live.yaml:9 sets this
	// image"; "" where one of them is applied as it is.
	SetBy string `json:"setBy,omitempty"`
	// Suppressed says who silenced the finding, nil where nobody did.
	Suppressed *Suppression `json:"suppressed"`

	whole  bool // stands for what its rule implies, wherever in the object
	covers bool // stands for the findings of other rules on the object
}

// A Suppression is a finding that somebody silenced, with the reason given.
type Suppression struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Reason string `json:"reason"` // "" where another tool asks for none
	// Tool is the tool whose annotation or comment it is, such as
	// "kube-linter"; "" for our own.
	Tool string `json:"tool,omitempty"`
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
