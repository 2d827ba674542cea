package rules

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "namespace-unbounded",
	Title:     "a namespace without defaults or caps",
	Why:       "One workload of it can take the whole cluster, and what says nothing of its size gets none.",
	Write:     "a LimitRange with defaults, and a ResourceQuota with caps, beside the Namespace",
	Severity:  Off,
	Presence:  true,
	Practices: []int{11, 43},
	Check: func(pass *Pass) {
		bounded := map[[2]string]bool{}
		for o := range pass.Objects("LimitRange", "ResourceQuota") {
			bounded[[2]string{o.Ref.Kind, o.Ref.Namespace}] = true
		}
		for namespace := range pass.Objects("Namespace") {
			name := namespace.Ref.Name
			if name == "default" || strings.HasPrefix(name, "kube-") || strings.HasPrefix(name, "openshift-") {
				continue // the cluster's own
			}
			var missing []string
			for _, kind := range []string{"LimitRange", "ResourceQuota"} {
				if !bounded[[2]string{kind, name}] {
					missing = append(missing, "no "+kind)
				}
			}
			if len(missing) > 0 {
				pass.Report(namespace, overlay.Field{"metadata", "name"}, fmt.Sprintf("the overlay makes Namespace %s, and %s in it", name, list(missing)))
			}
		}
	},
})
