package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "forgotten-in-one",
	Title:     "what all environments have but one",
	Why:       "Something was added to each environment in turn, and one was passed over.",
	Write:     "it into the base, or into the overlay that misses it",
	Severity:  Warning,
	Practices: []int{6},
	Presence:  true,
	Check: func(pass *Pass) {
		if pass.Build.Environment == "" {
			return
		}
		var has []string
		for o := range pass.Objects() {
			if o.Ref.Kind == "Namespace" || o.Ref.Kind == "CustomResourceDefinition" {
				continue
			}
			object := o.Origin.Kind + " " + o.Origin.Name
			has = append(has, object)
			if pass.WorkloadOf(o) != nil {
				eachKey(child(o.Node, "spec"), nil, func(at overlay.Field) { has = append(has, object+" "+at.String()) })
			}
		}
		pass.Fact(has)
	},
	Join: func(j *Joint) {
		groups := map[string][]Observed[[]string]{} // by the folder that they build on
		for _, o := range observed[[]string](j, j.Head) {
			if known := j.overlay(o.Overlay); known != nil {
				for _, base := range known.Refers {
					groups[base] = append(groups[base], o)
				}
			}
		}
		for _, base := range slices.Sorted(maps.Keys(groups)) {
			forgotten(j, base, groups[base])
		}
	},
})

// forgotten compares the overlays of one base.
func forgotten(j *Joint, base string, group []Observed[[]string]) {
	if len(group) < 3 {
		return
	}
	count := map[string]int{}
	for _, o := range group {
		for _, what := range o.Value {
			count[what]++
		}
	}
	for _, o := range group {
		var missing []string
		for what, n := range count {
			above := slices.ContainsFunc(missing, func(m string) bool { return strings.HasPrefix(what, m) })
			if n == len(group)-1 && !above && !slices.Contains(o.Value, what) {
				missing = append(missing, what)
			}
		}
		slices.Sort(missing)
		for i, what := range missing {
			if i > 0 && strings.HasPrefix(what, missing[i-1]) {
				continue // it goes with what it is a part of
			}
			at := Place{Source: overlay.Source{Path: j.overlay(o.Overlay).File, Line: 1, Column: 1}}
			j.Fault(at, Fault{Reason: what, Message: fmt.Sprintf("all other environments of %s have %s", base, what)}, o.Overlay)
		}
	}
}

// sized are the fields in which environments differ on purpose.
var sized = []string{"replicas", "resources", "host", "hosts", "value", "valueFrom", "annotations", "labels", "nodeSelector", "tolerations", "affinity"}

// eachKey visits the keys below a node, items of lists by their names. Lists
// without names are left alone.
func eachKey(n *yaml.Node, at overlay.Field, visit func(overlay.Field)) {
	n = follow(n)
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; !slices.Contains(sized, key) && key != "name" {
				visit(at.Append(key))
				eachKey(n.Content[i+1], at.Append(key), visit)
			}
		}
	case n.Kind == yaml.SequenceNode:
		steps := containerSteps(n)
		for i, item := range n.Content {
			if text(item, "name") != "" {
				visit(at.Append(steps[i]))
				eachKey(item, at.Append(steps[i]), visit)
			}
		}
	}
}
