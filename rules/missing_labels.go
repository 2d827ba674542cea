package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "missing-labels",
	Title:     "workloads without the recommended labels",
	Why:       "Whoever looks for what belongs together finds it by labels.",
	Write:     "labels with app.kubernetes.io/name and app.kubernetes.io/part-of in the kustomization, without selectors",
	Severity:  Off,
	Practices: []int{41},
	Presence:  true,
	// One entry of labels mends all of an overlay, so it is said once.
	Check: func(pass *Pass) {
		var first *overlay.Object
		missing := 0
		for o := range pass.Objects("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob") {
			have := labelSet(child(o.Node, "metadata", "labels"))
			if have["app.kubernetes.io/name"] == "" || have["app.kubernetes.io/part-of"] == "" {
				missing++
				if first == nil {
					first = o
				}
			}
		}
		if first != nil {
			pass.Report(first, overlay.Field{"metadata", "labels"},
				fmt.Sprintf("%s and %d other workloads lack app.kubernetes.io/name or app.kubernetes.io/part-of", first.Ref.Name, missing-1))
		}
	},
})
