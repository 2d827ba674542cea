package rules

import (
	"fmt"
)

var _ = add(Rule{
	ID:         "missing-spread",
	Title:      "replicas that may all run on one node",
	Why:        "The scheduler prefers to part replicas and promises nothing; when the node fails, all of them may be gone.",
	Write:      "topologySpreadConstraints by kubernetes.io/hostname and topology.kubernetes.io/zone with whenUnsatisfiable: ScheduleAnyway",
	Severity:   Info,
	Production: true,
	Presence:   true,
	Practices:  []int{27, 28},
	Check: func(pass *Pass) {
		for w := range pass.Workloads("Deployment", "StatefulSet", "Rollout") {
			count := pass.leastReplicas(w.Object)
			if count < 2 || len(items(w.Spec, "topologySpreadConstraints")) > 0 || child(w.Spec, "affinity", "podAntiAffinity") != nil {
				continue
			}
			if child(w.Spec, "nodeSelector", "kubernetes.io/hostname") != nil || text(w.Spec, "nodeName") != "" {
				continue // bound to one node on purpose
			}
			pass.Report(w.Object, w.At("topologySpreadConstraints"), fmt.Sprintf(
				"nothing keeps the %d pods of %s %s apart; write topologySpreadConstraints by hostname and by zone", count, w.Object.Ref.Kind, w.Object.Ref.Name))
		}
	},
})
