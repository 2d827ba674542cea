package rules

import (
	"fmt"
)

var _ = add(Rule{
	ID:        "best-effort",
	Title:     "a pod that asks for nothing",
	Why:       "No container of it says how much it needs, so it may be put onto a full node, and is the first to be killed when memory runs short there.",
	Write:     "requests for cpu and memory, and a memory limit, from what the containers were measured to use",
	Severity:  Warning,
	Presence:  true,
	Practices: []int{9, 10},
	Implies:   []string{"missing-requests"},
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			if pod.Spec == nil || !pass.bestEffort(pod) {
				continue
			}
			first := pod.Containers[0]
			for _, c := range pod.Containers {
				if !c.Init {
					first = c
					break
				}
			}
			message := fmt.Sprintf("container %s has no requests or limits of cpu and memory, and", first.Name)
			if n := len(pod.Containers); n > 1 {
				message = fmt.Sprintf("none of the %d containers has requests or limits of cpu and memory, and", n)
			}
			pass.Fault(Fault{Object: pod.Object, Field: first.At("resources"), Whole: true, Severity: sizeSeverity(pass.Rule, pod), Message: fmt.Sprintf(
				"%s the pods of %s %s are the first to die when a node runs short", message, pod.Object.Ref.Kind, pod.Object.Ref.Name)})
		}
	},
})

// bestEffort reports whether no container of a pod gets any request or limit.
func (p *Pass) bestEffort(pod *Workload) bool {
	for _, c := range pod.Containers {
		for _, key := range []string{"requests", "limits"} {
			for _, name := range []string{"cpu", "memory"} {
				if p.sized(c, key, name) {
					return false
				}
			}
		}
	}
	return len(pod.Containers) > 0
}
