package rules

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "selector-changed",
	Title:     "a changed selector of a workload",
	Why:       "The selector of an existing Deployment, StatefulSet or DaemonSet cannot be changed: the cluster refuses the whole object.",
	Write:     "labels with includeSelectors: false for a new label; for another selector, another name",
	Severity:  Error,
	Practices: []int{41},
	Check: func(pass *Pass) {
		for o := range pass.Objects("Deployment", "StatefulSet", "DaemonSet") {
			if group(o.Ref.APIVersion) == "apps" {
				noteSelector(pass, o)
			}
		}
	},
	Join: func(j *Joint) {
		was := map[string]selector{}
		for _, o := range observed[selector](j, j.Base) {
			was[o.Overlay+"\x00"+o.Value.key()] = o.Value
		}
		for _, o := range observed[selector](j, j.Head) {
			if before, ok := was[o.Overlay+"\x00"+o.Value.key()]; ok {
				o.Value.compare(j, before, o.Overlay)
			}
		}
	},
})

// A selector is the fact that a workload selects its pods so.
type selector struct {
	Place  Place             `json:"place"`
	Labels map[string]string `json:"labels"`
	// Places are those of Labels.
	Places map[string]Place `json:"places"`
	// Expressions is matchExpressions as text, "" without.
	Expressions string `json:"expressions,omitempty"`
}

func noteSelector(pass *Pass, o *overlay.Object) {
	field := overlay.Field{"spec", "selector"}
	node := o.Lookup(field)
	if node == nil {
		return // the cluster refuses it whatever it was
	}
	s := selector{Place: pass.Place(o, field), Labels: map[string]string{}, Places: map[string]Place{}}
	for _, key := range keys(child(node, "matchLabels")) {
		s.Labels[key] = text(node, "matchLabels", key)
		s.Places[key] = pass.Place(o, field.Append("matchLabels", key))
	}
	if expressions := child(node, "matchExpressions"); expressions != nil {
		s.Expressions = flat(expressions)
	}
	pass.Fact(s)
}

// flat is a node as text, by which two are compared.
func flat(n *yaml.Node) string {
	n = follow(n)
	text := n.Value
	for _, c := range n.Content {
		text += "(" + flat(c) + ")"
	}
	return text
}

// key names the workload among those of its overlay, whatever API version it is of.
func (s selector) key() string {
	return s.Place.Object.Kind + "\x00" + s.Place.Object.Namespace + "\x00" + s.Place.Object.Name
}

// compare reports what differs from what was: at the label that is new or has
// another value, else at the selector.
func (s selector) compare(j *Joint, was selector, dir string) {
	report := func(at Place, what string) {
		j.Report(at, fmt.Sprintf("the selector of %s %s %s; the cluster refuses to change it", at.Object.Kind, at.Object.Name, what), dir)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		before, had := was.Labels[key]
		switch at := s.Places[key]; {
		case !had && at.Source.By == overlay.ByLabels:
			// One line for all workloads, which the report then names.
			j.Report(at, fmt.Sprintf("the label %s reaches the selectors of workloads that exist; the cluster refuses to change them", key), dir)
			return
		case !had:
			report(s.Places[key], fmt.Sprintf("gets the label %s", key))
			return
		case before != s.Labels[key]:
			report(s.Places[key], fmt.Sprintf("changes the label %s from %s to %s", key, before, s.Labels[key]))
			return
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was.Labels)) {
		if _, has := s.Labels[key]; !has {
			report(s.Place, fmt.Sprintf("loses the label %s", key))
			return
		}
	}
	if s.Expressions != was.Expressions {
		report(s.Place, "has other expressions")
	}
}
