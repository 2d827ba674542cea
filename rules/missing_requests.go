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
		for c := range pass.Containers() {
			if c.Workload.Spec == nil {
				continue // containers of a custom resource, which sizes them its own way
			}
			var missing []string
			for _, path := range sizes {
				if !pass.sized(c, path[0], path[1]) {
					missing = append(missing, path[1]+" "+strings.TrimSuffix(path[0], "s"))
				}
			}
			if len(missing) == 0 {
				continue
			}
			severity := sizeSeverity(pass.Rule, c.Workload)
			if c.Init && !c.Sidecar {
				severity = Info
			}
			pass.ReportAs(severity, c.Object, c.At("resources"), fmt.Sprintf("container %s has no %s", c.Name, list(missing)))
		}
	},
})

// sizeSeverity is softer for work that ends, mostly in seconds, and is done
// again where it is cut off.
func sizeSeverity(rule *Rule, w *Workload) Severity {
	if w.Kind.Ends || w.Kind.bare && endsByItself(w.Object) {
		return Info
	}
	return rule.Severity
}

// sizes are what every container should say. A cpu limit is not among them:
// whether to have one is a question without one answer.
var sizes = [][2]string{{"requests", "cpu"}, {"requests", "memory"}, {"limits", "memory"}}

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
