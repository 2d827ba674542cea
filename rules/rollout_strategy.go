package rules

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "rollout-strategy",
	Title:     "a rollout that stops what is served, or cannot go back",
	Why:       "Recreate and a maxUnavailable of all pods end every old pod before a new one answers; without old ReplicaSets nobody can roll back.",
	Write:     "RollingUpdate with a maxUnavailable below the replicas; revisionHistoryLimit unset, which keeps ten",
	Severity:  Warning,
	Practices: []int{19, 27},
	Check: func(pass *Pass) {
		for w := range pass.Workloads("Deployment", "StatefulSet", "DaemonSet") {
			o := w.Object
			if text(o.Node, "spec", "revisionHistoryLimit") == "0" {
				pass.Report(o, overlay.Field{"spec", "revisionHistoryLimit"}, fmt.Sprintf(
					"%s %s keeps no revision to go back to; remove revisionHistoryLimit, which then is 10", o.Ref.Kind, o.Ref.Name))
			}
			if o.Ref.Kind == "Deployment" && pass.serves(w) {
				stopsAll(pass, w)
			}
		}
	},
})

// stopsAll reports a Deployment whose rollout leaves no pod to answer.
func stopsAll(pass *Pass, w *Workload) {
	o, strategy := w.Object, child(w.Object.Node, "spec", "strategy")
	least := pass.leastReplicas(o)
	if text(strategy, "type") == "Recreate" {
		switch {
		case least == 0 || pass.mayBeSingle(w) || holdsNode(w) || runsDatabase(w):
		case least == 1: // often one that must not run twice
			pass.ReportAs(Info, o, overlay.Field{"spec", "strategy", "type"}, fmt.Sprintf(
				"Deployment %s is served by one pod, which each rollout ends before the new one starts; write RollingUpdate, unless two must never run together", o.Ref.Name))
		default:
			pass.Report(o, overlay.Field{"spec", "strategy", "type"}, fmt.Sprintf(
				"Deployment %s is served, and each rollout ends all its %d pods before a new one starts; write RollingUpdate", o.Ref.Name, least))
		}
		return
	}
	said := text(strategy, "rollingUpdate", "maxUnavailable")
	away, ok := share(strategy, least, "rollingUpdate", "maxUnavailable")
	if ok && (said == "100%" || !strings.HasSuffix(said, "%") && least > 1 && away >= least) {
		pass.Report(o, overlay.Field{"spec", "strategy", "rollingUpdate", "maxUnavailable"}, fmt.Sprintf(
			"Deployment %s is served by %d pods, and a rollout may end all of them at once (maxUnavailable %s); write 1, or 25%%", o.Ref.Name, least, said))
	}
}

// holdsNode reports whether a pod holds something of its node that two cannot
// have: then Recreate is right.
func holdsNode(w *Workload) bool {
	if text(w.Spec, "hostNetwork") == "true" || slices.ContainsFunc(items(w.Spec, "volumes"), func(v *yaml.Node) bool { return child(v, "hostPath") != nil }) {
		return true
	}
	return slices.ContainsFunc(w.Containers, func(c Container) bool {
		return slices.ContainsFunc(items(c.Node, "ports"), func(port *yaml.Node) bool { return text(port, "hostPort") != "" })
	})
}

// runsDatabase reports whether a container is a database: two of them never
// share their data.
func runsDatabase(w *Workload) bool {
	return slices.ContainsFunc(w.Containers, func(c Container) bool {
		_, _, ok := databaseOf(c)
		return ok
	})
}
