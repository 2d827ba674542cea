package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "spread-selects-other",
	Title:     "a spread constraint that does not count its own pods",
	Why:       "It counts the pods of another workload, or none, so its own may all run on one node.",
	Write:     "the labels of the workload's own pods in its labelSelector",
	Severity:  Warning,
	Practices: []int{28},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			for i, constraint := range items(w.Spec, "topologySpreadConstraints") {
				at := w.At("topologySpreadConstraints", overlay.IndexStep(i))
				key := text(constraint, "topologyKey")
				said := child(constraint, "labelSelector")
				selector, ok := labelSelector(said)
				switch {
				case said == nil:
					pass.Report(w.Object, at, fmt.Sprintf("the constraint by %s of %s %s has no labelSelector, so it counts no pod; write the labels of its own pods", key, w.Object.Ref.Kind, w.Object.Ref.Name))
				case ok && !selector.Matches(labelSet(w.Labels)):
					pass.Report(w.Object, at.Append("labelSelector"), fmt.Sprintf("the constraint by %s of %s %s counts pods with %s, which its own do not have", key, w.Object.Ref.Kind, w.Object.Ref.Name, selector))
				}
			}
		}
	},
})
