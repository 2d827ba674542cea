package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "missing-contact",
	Title:     "a workload that does not say whom to call",
	Why:       "Whoever finds it broken at night has to ask around first.",
	Write:     "the annotations that the configuration lists under contact, in commonAnnotations or on the workload",
	Severity:  Off,
	Practices: []int{42},
	Presence:  true,
	// Without a list in the configuration nobody can know what a team calls it.
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			o := pod.Object
			var missing []string
			for _, annotation := range pass.Policy.Contact {
				if text(o.Node, "metadata", "annotations", annotation) == "" {
					missing = append(missing, annotation)
				}
			}
			if len(missing) > 0 {
				pass.Report(o, overlay.Field{"metadata", "annotations"},
					fmt.Sprintf("%s %s does not say whom to call when it is broken; write the annotation %s", o.Ref.Kind, o.Ref.Name, list(missing)))
			}
		}
	},
})
