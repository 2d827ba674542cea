package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "pdb-blocks",
	Title:     "a PodDisruptionBudget that lets no pod go",
	Why:       "No node that runs one of the pods can be drained: upgrades of the cluster stop there until somebody deletes a pod by hand.",
	Write:     "maxUnavailable: 1, which follows the number of replicas",
	Severity:  Error,
	Practices: []int{27, 29},
	Check: func(pass *Pass) {
		for _, b := range pass.budgets() {
			spec, at := child(b.object.Node, "spec"), overlay.Field{"spec"}
			named := "PodDisruptionBudget " + b.object.Ref.Name
			switch most := text(spec, "maxUnavailable"); most {
			case "0", "0%":
				pass.Report(b.object, at.Append("maxUnavailable"), fmt.Sprintf("%s allows %s pods to be away, so no node with one of them can be drained; write maxUnavailable: 1", named, most))
				continue
			}
			least := text(spec, "minAvailable")
			running := pass.running(b.workloads)
			needed, ok := share(spec, running, "minAvailable")
			switch {
			case !ok:
			case least == "100%", running > 0 && needed >= running:
				pass.Report(b.object, at.Append("minAvailable"), fmt.Sprintf("%s wants %s of %s to be there, so none can leave a node that is drained; write maxUnavailable: 1", named, least, podsOf(running, b.workloads)))
			}
		}
	},
})

// running is how many pods workloads have at their quietest, 0 where that is
// not known of all of them.
func (p *Pass) running(workloads []*Workload) int {
	sum := 0
	for _, w := range workloads {
		least := p.leastReplicas(w.Object)
		if least == 0 {
			return 0
		}
		sum += least
	}
	return sum
}

// podsOf says how many pods of what there are.
func podsOf(running int, workloads []*Workload) string {
	if len(workloads) == 0 {
		return "the pods"
	}
	var names []string
	for _, w := range workloads {
		names = append(names, w.Object.Ref.Kind+" "+w.Object.Ref.Name)
	}
	if running == 1 {
		return "the 1 pod of " + list(names)
	}
	return fmt.Sprintf("the %d pods of %s", running, list(names))
}
