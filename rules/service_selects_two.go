package rules

import (
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "service-selects-two",
	Title:     "a Service that selects the pods of two workloads",
	Why:       "Each request goes to the one or the other by chance, and only one of them was meant.",
	Write:     "a label in the selector that only the one's pods have",
	Severity:  Warning,
	Practices: []int{36},
	Check: func(pass *Pass) {
		var lasting []Pods
		for _, p := range pass.Pods() {
			if pod := pass.WorkloadOf(p.Object); pod != nil && pod.Lasts() && text(p.Object.Node, "spec", "replicas") != "0" {
				lasting = append(lasting, p)
			}
		}
		pods := labelled(lasting)
		for service := range pass.Objects("Service") {
			selector := selectorOf(service)
			// Behind a headless Service each pod is asked for by its own name.
			if len(selector) == 0 || text(service.Node, "spec", "clusterIP") == "None" {
				continue
			}
			if found := pods.selected(service, selector); len(found) > 1 && !told(found[0], found[1]) {
				a, b := found[0].Object, found[1].Object
				pass.Report(service, overlay.Field{"spec", "selector"}, fmt.Sprintf("Service %s selects the pods of %s %s and of %s %s",
					service.Ref.Name, a.Ref.Kind, a.Ref.Name, b.Ref.Kind, b.Ref.Name))
			}
		}
	},
})

// variants are the labels by which versions of one application are told apart
// that are meant to stand behind one Service.
var variants = []string{"track", "version", "app.kubernetes.io/version", "role", "canary", "colour", "color", "slot", "zone", "shard"}

// told reports whether two templates differ in a label that says they are
// versions of one application.
func told(a, b Pods) bool {
	return slices.ContainsFunc(variants, func(key string) bool { return a.Labels[key] != b.Labels[key] })
}
