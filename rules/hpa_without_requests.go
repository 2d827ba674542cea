package rules

import (
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "hpa-without-requests",
	Title:     "an autoscaler without the requests it divides by",
	Why:       "Utilization is use divided by request. Where one container, often a sidecar, has no request, the autoscaler fails for all of the pod and scales nothing.",
	Write:     "a request for the resource in every container of the pod, or a target of type AverageValue",
	Severity:  Error,
	Practices: []int{9, 31},
	Check: func(pass *Pass) {
		for w := range pass.Workloads(replicated...) {
			for _, a := range pass.autoscalers(w.Object) {
				for _, use := range utilizations(a.object) {
					for _, c := range w.Containers {
						if c.Init && !c.Sidecar || use.container != "" && use.container != c.Name || pass.sized(c, "requests", use.resource) {
							continue
						}
						pass.Fault(Fault{Object: c.Object, Field: c.At("resources"), Reason: use.resource, Message: fmt.Sprintf(
							"container %s requests no %s, so %s %s cannot work out the use of %s and scales nothing; write resources.requests.%s",
							c.Name, use.resource, a.object.Ref.Kind, a.object.Ref.Name, w.Object.Ref.Name, use.resource)})
					}
				}
			}
		}
	},
})

// A utilization is a metric that is divided by the requests of a resource: of
// one container, or of all where container is "".
type utilization struct{ resource, container string }

// utilizations are the resources whose use an autoscaler divides by requests.
func utilizations(o *overlay.Object) []utilization {
	spec := child(o.Node, "spec")
	var out []utilization
	use := func(u utilization) {
		if u.resource != "" && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	if o.Ref.Kind == "ScaledObject" {
		for _, trigger := range items(spec, "triggers") {
			kind := text(trigger, "type")
			if (kind == "cpu" || kind == "memory") && (text(trigger, "metricType") == "Utilization" || text(trigger, "metadata", "type") == "Utilization") {
				use(utilization{kind, text(trigger, "metadata", "containerName")})
			}
		}
		return out
	}
	for _, metric := range items(spec, "metrics") {
		for _, of := range []string{"resource", "containerResource"} {
			if source := child(metric, of); text(source, "target", "type") == "Utilization" || text(source, "targetAverageUtilization") != "" {
				use(utilization{text(source, "name"), text(source, "container")})
			}
		}
	}
	if text(spec, "targetCPUUtilizationPercentage") != "" || len(items(spec, "metrics")) == 0 {
		use(utilization{resource: "cpu"}) // 80 % of cpu where it names no metric
	}
	return out
}
