package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:         "missing-pdb",
	Title:      "replicas that may all be drained at once",
	Why:        "Without a PodDisruptionBudget, who drains two nodes may end all the pods of a workload together.",
	Write:      "a PodDisruptionBudget with maxUnavailable: 1 and the workload's own selector",
	Severity:   Info,
	Production: true,
	Presence:   true,
	Practices:  []int{27, 29},
	Check: func(pass *Pass) {
		without := pass.Unkept()
		if len(without) == 0 {
			return
		}
		var names []string
		for _, o := range without {
			names = append(names, o.Ref.Kind+" "+o.Ref.Name)
		}
		pass.Report(without[0], overlay.Field{"spec", "replicas"}, fmt.Sprintf(
			"no PodDisruptionBudget keeps pods of %s while nodes are drained; write one for each, with maxUnavailable: 1", list(names)))
	},
})

// Unkept are the workloads of several pods, at their quietest too, that no
// PodDisruptionBudget of the build speaks of, in the order of the build.
func (p *Pass) Unkept() []*overlay.Object {
	kept := map[*Workload]bool{}
	for _, b := range p.budgets() {
		for _, w := range b.workloads {
			kept[w] = true
		}
	}
	var without []*overlay.Object
	for w := range p.Workloads("Deployment", "StatefulSet", "Rollout") {
		if !kept[w] && p.leastReplicas(w.Object) > 1 {
			without = append(without, w.Object)
		}
	}
	return without
}
