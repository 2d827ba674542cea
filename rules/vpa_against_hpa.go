package rules

import (
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "vpa-against-hpa",
	Title:     "two autoscalers that work against each other",
	Why:       "One raises the requests because of the load, the other then sees less utilization and takes pods away. A VerticalPodAutoscaler alone restarts pods to resize them, which one pod does not bear.",
	Write:     "updateMode: \"Off\", other controlledResources than the metrics of the horizontal one, or one autoscaler",
	Severity:  Warning,
	Practices: []int{31, 33},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			for _, vpa := range pass.recommenders(w.Object) {
				resource, hpa := fights(pass, vpa, w)
				named := "VerticalPodAutoscaler " + vpa.object.Ref.Name
				switch {
				case hpa != nil:
					pass.Report(vpa.object, overlay.Field{"spec", "updatePolicy", "updateMode"}, fmt.Sprintf(
						"%s sets the %s requests that %s %s scales %s by; write updateMode: \"Off\", or leave %s out of controlledResources",
						named, resource, hpa.Ref.Kind, hpa.Ref.Name, w.Object.Ref.Name, resource))
				case (vpa.mode == "Auto" || vpa.mode == "Recreate") && pass.leastReplicas(w.Object) == 1 && len(pass.autoscalers(w.Object)) == 0:
					pass.Report(vpa.object, overlay.Field{"spec", "updatePolicy", "updateMode"}, fmt.Sprintf(
						"%s may end the one pod of %s %s to resize it, and nobody answers meanwhile; write updateMode: Initial, or two replicas", named, w.Object.Ref.Kind, w.Object.Ref.Name))
				}
			}
		}
	},
})

// fights is a resource that a VerticalPodAutoscaler sets and a horizontal one
// divides by, and that one; nil where there is none.
func fights(pass *Pass, vpa recommender, w *Workload) (resource string, hpa *overlay.Object) {
	for _, a := range pass.autoscalers(w.Object) {
		for _, use := range utilizations(a.object) {
			if slices.ContainsFunc(w.Containers, func(c Container) bool {
				return (!c.Init || c.Sidecar) && (use.container == "" || use.container == c.Name) && vpa.recommends(c.Name, use.resource)
			}) {
				return use.resource, a.object
			}
		}
	}
	return "", nil
}
