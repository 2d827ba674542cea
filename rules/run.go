package rules

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Run applies every rule that the policy leaves on to a build, and returns
// their findings at their sources, one per source, in the order of file and
// line. The error is of ctx, or of a build that can no longer be explained.
func Run(ctx context.Context, build *overlay.Build, policy Policy) ([]Finding, []Fact, error) {
	r := &run{ctx: ctx, build: build, policy: policy}
	for rule := range All() {
		if severity, set := policy.Severities[rule.ID]; rule.Check == nil || set && severity == Off || !set && rule.Severity == Off {
			continue
		}
		rule.Check(&Pass{Rule: rule, Build: build, Policy: policy, source: r.source, report: r.reporter(rule)})
		if r.err != nil {
			return nil, nil, fmt.Errorf("rule %s on overlay %s: %w", rule.ID, build.Overlay, r.err)
		}
	}
	return Merge(stand(r.found)), nil, nil
}

// A run collects the findings of one build. Its first error is kept: rules
// have no way to return one.
type run struct {
	ctx    context.Context
	build  *overlay.Build
	policy Policy
	found  []Finding
	err    error
}

func (r *run) source(o *overlay.Object, field overlay.Field) overlay.Source {
	source, err := r.build.Explain(r.ctx, o, field)
	if err != nil && r.err == nil {
		r.err = err
	}
	return source
}

func (r *run) reporter(rule *Rule) func(*overlay.Object, overlay.Field, string, Severity) {
	return func(o *overlay.Object, field overlay.Field, message string, severity Severity) {
		if set, ok := r.policy.Severities[rule.ID]; ok {
			severity = set
		}
		source := r.source(o, field)
		f := Finding{
			Rule: rule.ID, Severity: severity, Message: message,
			Path: source.Path, Line: source.Line, Column: source.Column, EndLine: max(source.EndLine, source.Line),
			Field: field, Object: o.Ref, Origin: o.Origin, Source: source, Overlays: []string{r.build.Overlay},
		}
		r.found = append(r.found, f.At(f.Path))
	}
}

// stand drops the findings that another finding on the same container, or the
// same object, stands for.
func stand(found []Finding) []Finding {
	implied := map[string]bool{}
	for _, f := range found {
		rule, _ := ByID(f.Rule)
		for _, id := range rule.Implies {
			implied[id+"\x00"+f.Object.String()+"\x00"+container(f.Field).String()] = true
		}
	}
	return slices.DeleteFunc(found, func(f Finding) bool {
		return implied[f.Rule+"\x00"+f.Object.String()+"\x00"+container(f.Field).String()]
	})
}

// container is the part of a field up to the container that it is in; the
// empty field where it is in none.
func container(field overlay.Field) overlay.Field {
	for i, step := range field {
		if (step == "containers" || step == "initContainers") && i+1 < len(field) {
			return field[:i+2]
		}
	}
	return nil
}

// AddOthers adds the objects of another finding at the same source.
func (f *Finding) AddOthers(other Finding) {
	for _, origin := range append([]overlay.ObjectRef{other.Origin}, other.Others...) {
		if origin != f.Origin && !slices.Contains(f.Others, origin) {
			f.Others = append(f.Others, origin)
		}
	}
}

// Merge joins the findings of several builds: those of one fingerprint become
// one finding that names every overlay, in the order of file and line. The
// severest counts.
func Merge(findings ...[]Finding) []Finding {
	at := map[string]int{}
	var out []Finding
	for _, f := range slices.Concat(findings...) {
		i, seen := at[f.Fingerprint]
		if !seen {
			at[f.Fingerprint] = len(out)
			f.Overlays, f.Others = slices.Clone(f.Overlays), slices.Clone(f.Others)
			out = append(out, f)
			continue
		}
		out[i].Severity = max(out[i].Severity, f.Severity)
		out[i].AddOthers(f)
		out[i].Overlays = append(out[i].Overlays, f.Overlays...)
	}
	for i := range out {
		slices.Sort(out[i].Overlays)
		out[i].Overlays = slices.Compact(out[i].Overlays)
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}
