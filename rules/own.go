package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/custom"
	"github.com/kustodian/kustodian/rules/overlay"
)

// An OwnRule is a rule of a repository's own, from its configuration.
type OwnRule struct {
	// ID is kebab-case, and none of the catalogue's.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Kinds are those of the objects that it looks at; empty is all.
	Kinds []string `json:"kinds,omitempty"`
	// Check is an expression in CEL, true where the object is as it should be.
	Check string `json:"check"`
	// Message is what a finding says; it holds nothing of the object.
	Message string `json:"message"`
	// Field is where a finding points; empty is the object's kind.
	Field overlay.Field `json:"field,omitempty"`
	// AsksOld is set where the check asks what an object was before: then it is
	// asked only about changes.
	AsksOld bool `json:"asksOld,omitempty"`
	// Path, Line and Column are where the check is written. Without a Path it
	// is in a file that is not the repository's.
	Path   string `json:"path,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// rule is the own rule as one of the catalogue.
func (own OwnRule) rule() *Rule { return &Rule{ID: own.ID, Title: own.Message, Severity: own.Severity} }

// Knows reports whether an id is a rule of the catalogue or the policy's own.
func (p Policy) Knows(id string) bool {
	_, known := ByID(id)
	return known || slices.ContainsFunc(p.Own, func(own OwnRule) bool { return own.ID == id })
}

// own asks the policy's own rules about the build. All of them share what one
// build may cost, and each one's first failure is told.
func (r *run) own(index *index) {
	budget := custom.NewBudget(r.policy.OwnCost)
	of := custom.Overlay{Path: r.build.Overlay, Environment: r.build.Environment, Production: r.build.Production}
	objects := map[*overlay.Object]custom.Value{}
	read := func(o *overlay.Object) custom.Value {
		value, ok := objects[o]
		if !ok && o != nil {
			value = custom.ObjectOf(o.Ref.Kind, o.Node)
			objects[o] = value
		}
		return value
	}
	for _, own := range r.policy.Own {
		rule := own.rule()
		if !r.asks(rule) || own.AsksOld && r.before == nil {
			continue
		}
		check, faults := custom.Compile(own.Check)
		if faults != nil {
			continue // the configuration is told so where it is read
		}
		var failed error
		for _, o := range index.of(own.Kinds) {
			var old custom.Value
			if own.AsksOld {
				old = read(was(r.before, o))
			}
			holds, err := check.Holds(r.ctx, read(o), old, of, budget)
			if r.ctx.Err() != nil {
				r.err = r.ctx.Err()
				return
			}
			switch {
			case errors.Is(err, custom.ErrSpent):
				r.found = append(r.found, r.unasked(own, err))
				return
			case err != nil && failed == nil:
				failed = err
				r.found = append(r.found, r.unasked(own, err))
			case err == nil && !holds:
				r.unlike(own, rule, o)
			}
		}
	}
}

// was is what an object was in an earlier build: by its name, else, where a
// hash or a prefix in it changed, by the one that its source names so. Nil is an
// object that is new.
func was(before *overlay.Build, o *overlay.Object) *overlay.Object {
	var byOrigin []*overlay.Object
	for _, old := range before.Objects {
		if old.Ref.Kind != o.Ref.Kind {
			continue
		}
		if old.Ref.Name == o.Ref.Name && old.Ref.Namespace == o.Ref.Namespace {
			return old
		}
		if old.Origin == o.Origin {
			byOrigin = append(byOrigin, old)
		}
	}
	if len(byOrigin) != 1 {
		return nil
	}
	return byOrigin[0]
}

// unlike reports an object that is not as a rule of the repository's own wants
// it. Where the field is not there, the finding misses something.
func (r *run) unlike(own OwnRule, rule *Rule, o *overlay.Object) {
	field := own.Field
	if len(field) == 0 {
		field = overlay.Field{"kind"}
	}
	missing := *rule
	missing.Presence = o.Lookup(field) == nil
	r.add(&missing, Fault{Object: o, Field: field, Message: own.Message})
}

// unasked is the finding that an own rule could not be asked about an object.
// It is as bad as what the rule would find.
func (r *run) unasked(own OwnRule, why error) Finding {
	invalid, _ := ByID("config-invalid")
	f := Fault{Severity: own.Severity, Reason: own.ID, Message: fmt.Sprintf("the check of %s cannot be evaluated on every object: %v", own.ID, why)}
	at := overlay.Source{Path: own.Path, Line: own.Line, Column: own.Column, EndLine: own.Line}
	if own.Path == "" {
		at = r.build.Kustomization()
	}
	overlays := []string{r.build.Overlay}
	if severity := r.policy.SeverityAt(own.ID, own.Severity, "", overlays, []string{r.build.Environment}); severity != Off {
		f.Severity = severity
	}
	return Place{Source: at}.finding(invalid, f, overlays)
}

// of are the objects of kinds in the order of the build, all for none.
func (x *index) of(kinds []string) []*overlay.Object {
	if len(kinds) == 0 {
		return x.objects
	}
	var out []*overlay.Object
	for _, kind := range kinds {
		out = append(out, x.kinds[kind]...)
	}
	return out
}
