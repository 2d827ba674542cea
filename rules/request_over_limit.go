package rules

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "request-over-limit",
	Title:     "a request that is larger than its limit",
	Why:       "The API server refuses the pod. Mostly a patch raised the one and left the other as the base has it.",
	Write:     "a limit that is at least the request, or a smaller request",
	Severity:  Error,
	Practices: []int{10},
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			requestsOver(pass, pod.Object, pod.At("resources"), "the pod", child(pod.Spec, "resources"))
			for _, c := range pod.Containers {
				requestsOver(pass, c.Object, c.At("resources"), "container "+c.Name, child(c.Node, "resources"))
			}
		}
	},
})

func requestsOver(pass *Pass, o *overlay.Object, at overlay.Field, who string, resources *yaml.Node) {
	for _, name := range keys(child(resources, "requests")) {
		request, hasRequest := quantity(resources, "requests", name)
		limit, hasLimit := quantity(resources, "limits", name)
		if hasRequest && hasLimit && request.Cmp(limit) > 0 {
			pass.Report(o, at.Append(later(pass, o, at, name), name), fmt.Sprintf(
				"%s requests %s %s and is limited to %s, which the API server refuses; raise the limit to %s, or request less",
				who, text(resources, "requests", name), name, text(resources, "limits", name), text(resources, "requests", name)))
		}
	}
}

// later is which of the two a patch set: that one made them disagree.
func later(pass *Pass, o *overlay.Object, at overlay.Field, name string) string {
	patched := func(key string) bool {
		return slices.Contains([]string{overlay.ByPatch, overlay.ByJSONPatch, overlay.ByReplacement}, pass.Source(o, at.Append(key, name)).By)
	}
	if patched("limits") && !patched("requests") {
		return "limits"
	}
	return "requests"
}
