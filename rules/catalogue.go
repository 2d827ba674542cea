package rules

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

//go:generate go test ./docs -run TestPages$ -update

// catalogue holds every rule, sorted by id once all files have added theirs.
var catalogue []*Rule

// add puts a rule into the catalogue. It is for `var _ = add(Rule{…})`.
func add(rule Rule) *Rule {
	i, found := slices.BinarySearchFunc(catalogue, rule.ID, func(r *Rule, id string) int { return cmp.Compare(r.ID, id) })
	if found {
		panic(fmt.Sprintf("rule %s is added twice", rule.ID))
	}
	catalogue = slices.Insert(catalogue, i, &rule)
	return &rule
}

// All returns the rules in the order of their ids. Those that are not found by
// looking at a build, such as build-failed, do not look for themselves.
func All() iter.Seq[*Rule] { return slices.Values(catalogue) }

// ByID returns the rule with an id.
func ByID(id string) (*Rule, bool) {
	for _, rule := range catalogue {
		if rule.ID == id {
			return rule, true
		}
	}
	return nil, false
}
