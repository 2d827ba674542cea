package rules

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

// Run applies every rule that the policy leaves on, and the policy's own, to a build. It returns
// their findings at their sources, one per source, in the order of file and
// line, and what they noted for [Join]. The error is of ctx, or of a build
// that can no longer be explained.
func Run(ctx context.Context, subject Subject, policy Policy) ([]Finding, []Fact, error) {
	policy = policy.For(subject.Build.Overlay)
	r := &run{ctx: ctx, build: subject.Build, before: subject.Before, part: subject.Part, policy: policy,
		placed: slices.ContainsFunc(subject.Additions, func(a Addition) bool { return a.Namespace || a.Destination })}
	index := newIndex(r.build, policy)
	r.definitions = schema.Definitions{}
	maps.Copy(r.definitions, subject.Definitions)
	for _, o := range index.kinds["CustomResourceDefinition"] {
		r.definitions.Add(o.Node)
	}
	for rule := range All() {
		if rule.Check == nil || !r.asks(rule) {
			continue
		}
		pass := &Pass{Rule: rule, Build: r.build, Policy: policy, index: index, run: r}
		if broken := guard(func() { rule.Check(pass) }); broken != "" {
			r.found = append(r.found, brokeOff(rule, broken, r.build.Kustomization(), r.build.Overlay))
		}
		if r.err != nil {
			return nil, nil, fmt.Errorf("rule %s on overlay %s: %w", rule.ID, r.build.Overlay, r.err)
		}
	}
	if r.own(index); r.err != nil {
		return nil, nil, fmt.Errorf("the repository's own rules on overlay %s: %w", r.build.Overlay, r.err)
	}
	r.amend(subject.Additions)
	r.publish(subject.Published, index)
	found := stand(r.found)
	if !subject.Apart {
		found = Soften(found, r.build.ReadFile)
	}
	return Merge(found), r.facts, nil
}

// asks reports whether a rule is asked about the build.
func (r *run) asks(rule *Rule) bool {
	return r.policy.Asks(rule) && (!rule.Production || r.build.Production) && (!r.part || rule.Parts)
}

// A run collects the findings of one build. Its first error is kept: rules
// have no way to return one.
type run struct {
	ctx           context.Context
	build, before *overlay.Build
	// definitions are the subject's and those of the build itself.
	definitions schema.Definitions
	part        bool
	// placed is set where Flux or Argo CD says the namespace of what says none.
	placed bool
	policy Policy
	found  []Finding
	facts  []Fact
	err    error
}

func (r *run) source(o *overlay.Object, field overlay.Field) overlay.Source {
	source, err := r.build.Explain(r.ctx, o, field)
	if err != nil && r.err == nil {
		r.err = err
	}
	return source
}

func (r *run) add(rule *Rule, f Fault) {
	at := Place{Field: f.Field, Source: f.Source}
	if f.Object != nil {
		at.Object, at.Origin = f.Object.Ref, f.Object.Origin
		if at.Source.Path == "" {
			at.Source = r.source(f.Object, f.Field)
			if removed, ok := r.build.Removed(f.Object, f.Field); rule.Presence && ok {
				at.Source = removed
				f.Message += "; it was there, and this patch takes it away"
			}
		}
	}
	at.Source = r.build.InTree(at.Source)
	overlays := []string{r.build.Overlay}
	if f.Severity = r.policy.grade(rule, f.Severity, at.file(), overlays, []string{r.build.Environment}); f.Severity == Off {
		return
	}
	switch {
	case r.part && Trial(r.build.Overlay):
		f.Severity = min(f.Severity, Info)
	case r.part:
		f.Severity = min(f.Severity, Warning)
	}
	found := at.finding(rule, f, overlays)
	if f.Object != nil {
		found.Suppressed = r.annotated(rule, f.Object)
	}
	if len(r.found) == cap(r.found) { // append grows a long list by a quarter, and copies what are large values each time
		r.found = slices.Grow(r.found, len(r.found)+1)
	}
	r.found = append(r.found, found)
}

func (r *run) note(rule *Rule, data any) {
	encoded, err := json.Marshal(data)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("noting a fact: %w", err)
	}
	r.facts = append(r.facts, Fact{
		Rule: rule.ID, Overlay: r.build.Overlay, Environment: r.build.Environment, Production: r.build.Production, Part: r.part, Data: encoded,
	})
}

// stand drops the findings that another finding on the same container, the
// same object or the same entry stands for.
func stand(found []Finding) []Finding {
	implied := map[string]bool{}
	covered := map[string]string{} // the rule that covers it, by object
	for _, f := range found {
		if f.covers {
			covered[f.Object.String()] = f.Rule
		}
		rule, ok := ByID(f.Rule)
		if !ok {
			continue // a repository's own: it implies none
		}
		for _, id := range rule.Implies {
			if f.Source.Entry != "" {
				implied[id+"\x00"+f.entry()] = true
			}
			at := container(f.Field)
			if f.whole {
				at = anywhere
			}
			implied[id+"\x00"+f.Object.String()+"\x00"+at.String()] = true
		}
	}
	return slices.DeleteFunc(found, func(f Finding) bool {
		by, is := covered[f.Object.String()]
		key := f.Rule + "\x00" + f.Object.String() + "\x00"
		return is && by != f.Rule || f.Source.Entry != "" && implied[f.Rule+"\x00"+f.entry()] || implied[key+container(f.Field).String()] || implied[key+anywhere.String()]
	})
}

// entry names the entry of a kustomization that is at fault.
func (f Finding) entry() string { return f.Source.By + "\x00" + f.Path + "\x00" + f.Source.Entry }

// Container is the field of the container that the finding is in, the empty
// field where it is in none.
func (f Finding) Container() overlay.Field { return container(f.Field) }

// anywhere stands for all containers of an object.
var anywhere = overlay.Field{"*"}

// container is the part of a field up to the container that it is in; the
// empty field where it is in none.
func container(field overlay.Field) overlay.Field {
	for i, step := range field {
		if slices.Contains(containerLists, step) && i+1 < len(field) {
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
// severest counts. An overlay where somebody silenced what others still show
// is not named.
func Merge(findings ...[]Finding) []Finding {
	at := map[string]int{}
	all := slices.Concat(findings...)
	out := all[:0] // no longer than what is read
	for _, f := range all {
		i, seen := at[f.Fingerprint]
		if !seen {
			at[f.Fingerprint] = len(out)
			f.Overlays, f.Others = slices.Clone(f.Overlays), slices.Clone(f.Others)
			out = append(out, f)
			continue
		}
		switch silenced := out[i].Suppressed != nil; {
		case silenced && f.Suppressed == nil:
			f.Overlays, f.Others = slices.Clone(f.Overlays), slices.Clone(f.Others)
			out[i] = f
			continue
		case !silenced && f.Suppressed != nil:
			continue
		}
		if f.Severity > out[i].Severity {
			out[i].Severity, out[i].Message = f.Severity, f.Message
		}
		if f.SetBy == "" {
			out[i].SetBy = ""
		}
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
