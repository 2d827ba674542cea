package rules

import (
	"fmt"
	"strings"
)

var _ = add(Rule{
	ID:        "missing-requests",
	Title:     "a container without requests or memory limit",
	Why:       "The scheduler places what it does not know the size of anywhere, and such a pod is the first to die when a node runs short.",
	Write:     "requests for cpu and memory, and a memory limit, from what the container was measured to use",
	Severity:  Warning,
	Presence:  true,
	Practices: []int{9, 10},
	Check: func(pass *Pass) {
		limited := defaultsOf(pass)
		for c := range pass.Containers() {
			if limited[c.Object.Ref.Namespace] || podResources(c) || autoscaled(pass, c) {
				continue
			}
			var missing []string
			for _, path := range [][]string{{"requests", "cpu"}, {"requests", "memory"}, {"limits", "memory"}} {
				if !hasResource(c, path) {
					missing = append(missing, path[1]+" "+strings.TrimSuffix(path[0], "s"))
				}
			}
			if len(missing) == 0 {
				continue
			}
			severity := pass.Rule.Severity
			if c.Init && !c.Sidecar {
				severity = Info
			}
			pass.ReportAs(severity, c.Object, c.At("resources"), fmt.Sprintf("container %s has no %s", c.Name, list(missing)))
		}
	},
})

// hasResource reports whether the container sets a resource. A request that
// is missing takes the value of the limit.
func hasResource(c Container, path []string) bool {
	if text(c.Node, "resources", path[0], path[1]) != "" {
		return true
	}
	return path[0] == "requests" && text(c.Node, "resources", "limits", path[1]) != ""
}

// defaultsOf are the namespaces whose LimitRange gives containers defaults.
func defaultsOf(pass *Pass) map[string]bool {
	out := map[string]bool{}
	for o := range pass.Objects("LimitRange") {
		for _, limit := range items(o.Node, "spec", "limits") {
			if text(limit, "type") == "Container" && (child(limit, "defaultRequest") != nil || child(limit, "default") != nil) {
				out[o.Ref.Namespace] = true
			}
		}
	}
	return out
}

// podResources reports whether the pod as a whole has requests.
func podResources(c Container) bool {
	return child(c.Workload.Spec, "resources", "requests") != nil
}

// autoscaled reports whether a vertical autoscaler writes the requests.
func autoscaled(pass *Pass, c Container) bool {
	for vpa := range pass.Objects("VerticalPodAutoscaler") {
		target, mode := child(vpa.Node, "spec", "targetRef"), text(vpa.Node, "spec", "updatePolicy", "updateMode")
		if text(target, "kind") == c.Object.Ref.Kind && text(target, "name") == c.Object.Ref.Name && mode != "Off" {
			return true
		}
	}
	return false
}

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
