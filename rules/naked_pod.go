package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "naked-pod",
	Title:     "a Pod without a controller",
	Why:       "Nothing starts it again when its node goes away.",
	Write:     "a Deployment, or a Job for work that ends",
	Severity:  Warning,
	Practices: []int{29, 30},
	Check: func(pass *Pass) {
		for o := range pass.Objects("Pod") {
			if text(o.Node, "spec", "restartPolicy") == "Never" || startedByTool(o) || staticPod(o) {
				continue // a test, or work that somebody else starts
			}
			severity := pass.Rule.Severity
			if endsByItself(o) {
				severity = Info
			}
			pass.ReportAs(severity, o, overlay.Field{"kind"}, fmt.Sprintf("Pod %s has no controller, so nothing starts it again when its node goes away; write a Deployment with it as template, or a Job for work that ends", o.Ref.Name))
		}
	},
})

// endsByItself reports whether a Pod does work that ends: nothing starts it
// again once it has succeeded.
func endsByItself(o *overlay.Object) bool {
	policy := text(o.Node, "spec", "restartPolicy")
	return policy == "Never" || policy == "OnFailure"
}

// staticPod reports whether the node itself runs the Pod, from a file: as the
// control plane and what balances it are run.
func staticPod(o *overlay.Object) bool {
	return o.Ref.Kind == "Pod" && (child(o.Node, "metadata", "annotations", "kubernetes.io/config.source") != nil ||
		o.Ref.Namespace == "kube-system" && text(o.Node, "spec", "hostNetwork") == "true")
}

// startedByTool reports whether a deployment tool runs the object at its own time.
func startedByTool(o *overlay.Object) bool {
	annotations := child(o.Node, "metadata", "annotations")
	return child(annotations, "argocd.argoproj.io/hook") != nil || child(annotations, "helm.sh/hook") != nil
}
