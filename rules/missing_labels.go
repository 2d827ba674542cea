package rules

import (
	"fmt"
	"slices"
	"strings"

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
		without := 0 // workloads
		lacking := map[string]bool{}
		for o := range pass.Objects("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob") {
			have := labelSet(child(o.Node, "metadata", "labels"))
			lacks := false
			for _, label := range recommended {
				if have[label] == "" {
					lacks, lacking[label] = true, true
				}
			}
			if lacks {
				without++
				if first == nil {
					first = o
				}
			}
		}
		if first == nil {
			return
		}
		who := first.Ref.Kind + " " + first.Ref.Name + " has"
		if without > 1 {
			who = fmt.Sprintf("%s %s and %s have", first.Ref.Kind, first.Ref.Name, more(without-1, "other workload"))
		}
		missing := slices.DeleteFunc(slices.Clone(recommended), func(label string) bool { return !lacking[label] })
		pass.Report(first, overlay.Field{"metadata", "labels"}, fmt.Sprintf(
			"%s no label %s to be found by; write one entry of labels in the kustomization of %s", who, strings.Join(missing, " or "), pass.Build.Overlay))
	},
})

// recommended are those of Kubernetes' recommended labels that say what a
// workload is and what it belongs to.
var recommended = []string{"app.kubernetes.io/name", "app.kubernetes.io/part-of"}

// more is a number of things in words.
func more(count int, thing string) string {
	if count == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", count, thing)
}
