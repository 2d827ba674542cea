package rules

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Fact is a small observation about one build, for the Join of the rule that
// noted it.
type Fact struct {
	Rule    string `json:"rule"`
	Overlay string `json:"overlay"`
	// Environment is the overlay's, "" where it is not known.
	Environment string `json:"environment,omitempty"`
	Production  bool   `json:"production,omitempty"`
	// Part is [Subject].Part of the build.
	Part bool            `json:"part,omitempty"`
	Data json.RawMessage `json:"data"`
	// Image is what the rule has to know of before it can judge: a reference
	// whose registry is asked between Check and Join. "" for nothing.
	Image string `json:"image,omitempty"`
}

// A Registered is what a registry says of an image. Its zero value: nothing is
// known, since nobody was asked or no answer came.
type Registered struct {
	Digest string `json:"digest,omitempty"` // "sha256:…", of the index where the tag is one
	// Size is how many bytes the layers of one platform have as they are
	// pulled; 0 where that is not known.
	Size int64 `json:"size,omitempty"`
}

// A Place is where a field of a built object stands.
type Place struct {
	Object overlay.ObjectRef `json:"object"`
	Origin overlay.ObjectRef `json:"origin"`
	Field  overlay.Field     `json:"field,omitempty"`
	Source overlay.Source    `json:"source"`
}

// Facts are what Check noted of the overlays of both sides.
type Facts struct {
	Head []Fact `json:"head"`
	// Base is empty where Compared is not set: a sweep has no base.
	Base     []Fact `json:"base,omitempty"`
	Compared bool   `json:"compared,omitempty"`
	// Additions are made to the overlays of head, by their paths.
	Additions map[string][]Addition `json:"additions,omitempty"`
	// Overlays are those of head that are built on their own. One without
	// facts was not checked, or has nothing to note.
	Overlays []overlay.Overlay `json:"overlays"`
	// Images are what registries say of the images that facts name.
	Images map[string]Registered `json:"images,omitempty"`
}

// Asked are the images that have to be asked for, each once, in the order of
// the facts.
func (f Facts) Asked() []string {
	var out []string
	for _, fact := range slices.Concat(f.Head, f.Base) {
		rule, ok := ByID(fact.Rule)
		if fact.Image != "" && ok && !(rule.Sweeps && f.Compared) && !slices.Contains(out, fact.Image) {
			out = append(out, fact.Image)
		}
	}
	return out
}

// A Joint is one [Rule] applied to its facts of all builds.
type Joint struct {
	Rule *Rule
	// Facts are those of the rule only, sorted by overlay.
	Facts
	Policy Policy

	found []Finding
	err   error
}

// Join applies every rule over several builds to the facts, and returns their
// findings, one per source, in the order of file and line. The error is of
// facts that no rule of this version noted.
func Join(facts Facts, policy Policy) ([]Finding, error) {
	var found []Finding
	for rule := range All() {
		if rule.Join == nil || !policy.Asks(rule) || rule.Sweeps && facts.Compared {
			continue
		}
		j := &Joint{Rule: rule, Policy: policy, Facts: Facts{
			Head: factsOf(rule, facts.Head), Base: factsOf(rule, facts.Base), Compared: facts.Compared, Overlays: facts.Overlays, Images: facts.Images,
		}}
		if broken := guard(func() { rule.Join(j) }); broken != "" {
			found = append(found, brokeOff(rule, broken, overlay.Source{Path: firstFile(facts.Overlays), Line: 1, Column: 1}))
			continue
		}
		if j.err != nil {
			return nil, fmt.Errorf("joining the facts of rule %s: %w", rule.ID, j.err)
		}
		found = append(found, j.found...)
	}
	facts.amend(found)
	return Merge(stand(found)), nil
}

func firstFile(overlays []overlay.Overlay) string {
	if len(overlays) == 0 {
		return ""
	}
	return overlays[0].File
}

// factsOf are the facts of one rule, sorted by overlay.
func factsOf(rule *Rule, facts []Fact) []Fact {
	var own []Fact
	for _, f := range facts {
		if f.Rule == rule.ID {
			own = append(own, f)
		}
	}
	slices.SortStableFunc(own, func(a, b Fact) int { return cmp.Compare(a.Overlay, b.Overlay) })
	return own
}

// Report reports a fault at a place, for the overlays given.
func (j *Joint) Report(at Place, message string, overlays ...string) {
	j.Fault(at, Fault{Message: message}, overlays...)
}

// Fault is Report with the severity and reason of a [Fault]; its Object, Field
// and Source do not count.
func (j *Joint) Fault(at Place, f Fault, overlays ...string) {
	if f.Severity = j.Policy.grade(j.Rule, f.Severity, at.file(), overlays, j.environments(overlays)); f.Severity == Off {
		return
	}
	j.found = append(j.found, at.finding(j.Rule, f, overlays))
}

// environments are those of overlays of either side.
func (j *Joint) environments(overlays []string) (environments []string) {
	for _, o := range j.Overlays {
		if slices.Contains(overlays, o.Path) {
			environments = append(environments, o.Environment)
		}
	}
	for _, f := range slices.Concat(j.Head, j.Base) {
		if slices.Contains(overlays, f.Overlay) && !slices.Contains(environments, f.Environment) {
			environments = append(environments, f.Environment)
		}
	}
	return environments
}

// finding is a fault at the place.
func (at Place) finding(rule *Rule, f Fault, overlays []string) Finding {
	out := Finding{
		Rule: rule.ID, Severity: f.Severity, Message: f.Message, Reason: f.Reason, Presence: rule.Presence, whole: f.Whole, covers: f.Covers,
		Path: at.Source.Path, Line: at.Source.Line, Column: at.Source.Column, EndLine: max(at.Source.EndLine, at.Source.Line),
		Field: at.Field, Object: at.Object, Origin: at.Origin, Source: at.Source, Overlays: overlays,
	}
	if named := out.Source.Remote; named != nil {
		out.Path, out.Line, out.Column, out.EndLine = named.Path, named.Line, named.Column, named.Line
	}
	return out.At(out.Path)
}

// file is the file of the tree that a finding at the place stands in.
func (at Place) file() string {
	if at.Source.Remote != nil {
		return at.Source.Remote.Path
	}
	return at.Source.Path
}

// sees reports whether every overlay that reads a file has facts: without, one
// may need what all others do not.
func (j *Joint) sees(file string) bool {
	return !slices.ContainsFunc(j.Overlays, func(o overlay.Overlay) bool {
		return o.Root && !o.Component && slices.Contains(o.Reads, file) &&
			!slices.ContainsFunc(j.Head, func(f Fact) bool { return f.Overlay == o.Path })
	})
}

// overlay is what is known of an overlay of the head, nil for none.
func (j *Joint) overlay(dir string) *overlay.Overlay {
	i := slices.IndexFunc(j.Overlays, func(o overlay.Overlay) bool { return o.Path == dir })
	if i < 0 {
		return nil
	}
	return &j.Overlays[i]
}

// Observed is a fact as the rule noted it.
type Observed[T any] struct {
	Fact
	Value T
}

// observed decodes the facts that a rule noted as a T.
func observed[T any](j *Joint, facts []Fact) []Observed[T] {
	out := make([]Observed[T], 0, len(facts))
	for _, f := range facts {
		o := Observed[T]{Fact: f}
		if err := json.Unmarshal(f.Data, &o.Value); err != nil {
			j.err = fmt.Errorf("reading a fact of overlay %s: %w", f.Overlay, err)
			return nil
		}
		out = append(out, o)
	}
	return out
}
