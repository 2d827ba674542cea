package rules

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// selected are the workloads of a namespace whose pods a selector matches.
func (p *Pass) selected(namespace string, selector labels.Selector) []*Workload {
	x := p.index
	if x.labelled == nil {
		x.labelled = map[[3]string][]*Workload{}
		for _, w := range x.workloads {
			x.labelled[[3]string{w.Object.Ref.Namespace}] = append(x.labelled[[3]string{w.Object.Ref.Namespace}], w)
			for key, value := range labelSet(w.Labels) {
				at := [3]string{w.Object.Ref.Namespace, key, value}
				x.labelled[at] = append(x.labelled[at], w)
			}
		}
	}
	// The label that the fewest have leaves the fewest to look at.
	candidates := x.labelled[[3]string{namespace}]
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		if values := r.Values(); len(values) == 1 && (r.Operator() == selection.In || r.Operator() == selection.Equals) {
			if having := x.labelled[[3]string{namespace, r.Key(), values.List()[0]}]; len(having) < len(candidates) {
				candidates = having
			}
		}
	}
	var out []*Workload
	for _, w := range candidates {
		if selector.Matches(labelSet(w.Labels)) {
			out = append(out, w)
		}
	}
	return out
}
