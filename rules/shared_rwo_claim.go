package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "shared-rwo-claim",
	Title:     "several pods on a volume that one node can mount",
	Why:       "A pod on another node waits for the volume for ever. With one replica that is each rollout's new pod, while the old one waits for the new.",
	Write:     "a StatefulSet with volumeClaimTemplates, a ReadWriteMany claim, or strategy Recreate for a single pod",
	Severity:  Warning,
	Practices: []int{15, 16},
	Check: func(pass *Pass) {
		for w := range pass.Workloads("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout", "CloneSet") {
			count := pass.leastReplicas(w.Object)
			if count == 0 || child(w.Spec, "nodeSelector", "kubernetes.io/hostname") != nil || text(w.Spec, "nodeName") != "" {
				continue
			}
			for _, c := range pass.claims(w) {
				if !c.single() || c.staysOnNode() {
					continue
				}
				sharesClaim(pass, w.Object, c, count)
				break
			}
		}
	},
})

func sharesClaim(pass *Pass, o *overlay.Object, c claim, count int) {
	named, extra := o.Ref.Kind+" "+o.Ref.Name, surge(o, count)
	mode, who := c.mode(), "those on other nodes never start"
	if mode == "ReadWriteOncePod" {
		who = "only one of them starts"
	}
	switch {
	case count > 1:
		at := overlay.Field{"spec", "replicas"}
		if scaling := pass.autoscalers(o); len(scaling) > 0 {
			o, at = scaling[0].object, overlay.Field{"spec", scaling[0].leastKey}
		}
		pass.Report(o, at, fmt.Sprintf("the %d pods of %s share claim %s, which is %s: %s; write a StatefulSet with volumeClaimTemplates, or a ReadWriteMany claim", count, named, c.name, mode, who))
	case extra > 0:
		pass.Report(o, overlay.Field{"spec", "strategy"}, fmt.Sprintf("a rollout of %s starts its new pod beside the old one, which holds the %s claim %s: on another node it never starts; write strategy: {type: Recreate}", named, mode, c.name))
	}
}
