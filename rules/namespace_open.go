package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "namespace-open",
	Title:     "a workload that the whole cluster can reach",
	Why:       "A namespace parts names, not traffic: without a NetworkPolicy every pod of the cluster can open a connection.",
	Write:     "a namespace, and a NetworkPolicy in it that says who may come in",
	Severity:  Off,
	Practices: []int{43},
	Presence:  true,
	Check: func(pass *Pass) {
		guarded := map[string]bool{}
		for o := range pass.Objects("NetworkPolicy", "CiliumNetworkPolicy") {
			guarded[o.Ref.Namespace] = true
		}
		said := map[string]bool{}
		for o := range pass.Objects("Deployment", "StatefulSet", "DaemonSet") {
			switch in := o.Ref.Namespace; {
			case in == "" && pass.run.placed:
			case in == "":
				pass.Report(o, overlay.Field{"metadata", "namespace"}, fmt.Sprintf("%s %s has no namespace, so it lands where whoever deploys it happens to be; write namespace: in the kustomization", o.Ref.Kind, o.Ref.Name))
			case !guarded[in] && !said[in]:
				said[in] = true // one policy mends all
				pass.Report(o, overlay.Field{"metadata", "namespace"}, fmt.Sprintf("no NetworkPolicy of the overlay is in namespace %s, so every pod of the cluster can reach %s %s there; write one that says who may come in", in, o.Ref.Kind, o.Ref.Name))
			}
		}
	},
})
