package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "daemonset-in-app",
	Title:     "a DaemonSet among an application's objects",
	Why:       "A pod on every node takes of every node, and is the cluster administrator's to decide.",
	Write:     "a Deployment, or the DaemonSet where the cluster is configured",
	Severity:  Off,
	Practices: []int{40},
	Check: func(pass *Pass) {
		if ofCluster(pass.Build.Overlay) {
			return
		}
		for o := range pass.Objects("DaemonSet") {
			if !ofCluster(o.Ref.Namespace) {
				pass.Report(o, overlay.Field{"kind"}, fmt.Sprintf("DaemonSet %s puts a pod onto every node; an application is a Deployment, what every node needs belongs to the cluster's own overlays", o.Ref.Name))
			}
		}
	},
})

// clusterWords name what belongs to the cluster, in paths and namespaces.
var clusterWords = []string{"system", "kube", "infra", "infrastructure", "platform", "addons", "cluster", "clusters", "monitoring", "logging", "observability", "storage", "network", "networking", "openshift", "security"}

// ofCluster reports whether a path or namespace says that it belongs to the cluster.
func ofCluster(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '.' })
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(clusterWords, word) })
}
