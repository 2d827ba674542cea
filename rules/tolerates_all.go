package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "tolerates-all",
	Title:     "pods that go onto nodes that refuse them",
	Why:       "Who tolerates everything runs on nodes that are broken, full or kept for others; who names a node runs nowhere else when it is gone.",
	Write:     "the key of the taint that is meant, and a nodeSelector or affinity instead of nodeName",
	Severity:  Warning,
	Practices: []int{28},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			kind, named := w.Object.Ref.Kind, w.Object.Ref.Kind+" "+w.Object.Ref.Name
			ofNodes := kind == "DaemonSet" || text(w.Spec, "priorityClassName") == "system-node-critical"
			if staticPod(w.Object) {
				continue
			}
			for i, toleration := range items(w.Spec, "tolerations") {
				if ofNodes {
					break // what is the node's own goes onto it whatever its state
				}
				if text(toleration, "operator") == "Exists" && text(toleration, "key") == "" {
					pass.Report(w.Object, w.At("tolerations", overlay.IndexStep(i)), fmt.Sprintf("%s tolerates every taint%s, so its pods also go onto nodes that are broken or kept for others; write the key of the taint that is meant", named, ofEffect(text(toleration, "effect"))))
				}
			}
			if node := text(w.Spec, "nodeName"); node != "" {
				pass.Report(w.Object, w.At("nodeName"), fmt.Sprintf("%s runs on node %s or nowhere, full or not, since nodeName goes past the scheduler; write a nodeSelector", named, node))
			}
		}
	},
})

func ofEffect(effect string) string {
	if effect == "" {
		return ""
	}
	return " of effect " + effect
}
