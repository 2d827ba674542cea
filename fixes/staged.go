package fixes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// lateEnvironments are words in the names of environments that come between
// those where people develop and test, and production.
var lateEnvironments = []string{"stag", "preprod", "pre-prod", "uat", "acceptance"}

// step is when an overlay has its turn where a change comes in steps: first
// where people develop and test, then what stands before production, and
// production last. What nobody knows may be production.
func step(b *overlay.Build) int {
	late := func(word string) bool { return strings.Contains(strings.ToLower(b.Environment), word) }
	switch {
	case b.Production || b.Environment == "":
		return 2
	case slices.ContainsFunc(lateEnvironments, late):
		return 1
	}
	return 0
}

// restarts reports whether the change makes the pods of a running workload anew.
func (r reached) restarts() bool {
	return slices.Contains(rolls, r.object.Ref.Kind) && len(r.changed) > 2 && r.changed[0] == "spec" && r.changed[1] == "template"
}

// firstStep are those of the reached builds that are changed first, where one
// change of all would restart production together with others, and a sentence
// that says so and what comes next. Where there are no steps it is "".
func (p *Plan) firstStep(said string, hit []reached) (first []reached, why string) {
	production := slices.ContainsFunc(hit, func(r reached) bool { return r.build.Production && r.restarts() })
	if !p.Policy.Staged || !production {
		return hit, ""
	}
	var steps [3][]reached
	for _, r := range hit {
		steps[step(r.build)] = append(steps[step(r.build)], r)
	}
	lowest := slices.IndexFunc(steps[:], func(s []reached) bool { return len(s) > 0 })
	if lowest == 2 {
		return hit, ""
	}
	next := "production follows"
	if lowest == 0 && len(steps[1]) > 0 {
		next = environmentsOf(steps[1]) + " follows, then production"
	}
	return steps[lowest], fmt.Sprintf("One edit of %s would restart production together with %s, so this comes in steps: this one is for %s; when it is merged, %s.",
		said, environmentsOf(slices.Concat(steps[0], steps[1])), environmentsOf(steps[lowest]), next)
}

// environmentsOf are the names of the environments, as a sentence lists them.
func environmentsOf(of []reached) string {
	var names []string
	for _, r := range of {
		names = once(names, r.build.Environment)
	}
	return strings.Join(names, " and ")
}
