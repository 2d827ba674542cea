package rules

import "github.com/kustodian/kustodian/rules/overlay"

// A budget is a PodDisruptionBudget with the workloads of the build that it
// speaks of.
type budget struct {
	object    *overlay.Object
	workloads []*Workload
}

// budgets are the PodDisruptionBudgets of the build.
func (p *Pass) budgets() []budget {
	var out []budget
	for o := range p.Objects("PodDisruptionBudget") {
		b := budget{object: o}
		if selector, ok := labelSelector(child(o.Node, "spec", "selector")); ok {
			b.workloads = p.selected(o.Ref.Namespace, selector)
		}
		out = append(out, b)
	}
	return out
}
