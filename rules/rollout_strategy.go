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
		for w := range pass.Workloads("Deployment", "StatefulSet", "DaemonSet", "DeploymentConfig", "Rollout", "CloneSet") {
			o := w.Object
			if text(o.Node, "spec", "revisionHistoryLimit") == "0" {
				pass.Report(o, overlay.Field{"spec", "revisionHistoryLimit"}, fmt.Sprintf(
					"%s %s keeps no revision, so nobody can roll back to the last one that worked; remove revisionHistoryLimit, which then is 10", o.Ref.Kind, o.Ref.Name))
			}
			if o.Ref.Kind == "Deployment" || o.Ref.Kind == "DeploymentConfig" {
				stopsAll(pass, w)
			}
		}
	},
})

// stopsAll reports a Deployment whose rollout leaves no pod to answer, or to work.
func stopsAll(pass *Pass, w *Workload) {
	o, strategy := w.Object, child(w.Object.Node, "spec", "strategy")
	named := o.Ref.Kind + " " + o.Ref.Name
	least := pass.leastReplicas(o)
	if text(strategy, "type") == "Recreate" {
		switch {
		case !pass.serves(w): // its work waits for as long as the new pods need
		case least == 0 || pass.mayBeSingle(w) || holdsNode(w) || runsDatabase(w):
		case least == 1: // often one that must not run twice
			pass.ReportAs(Info, o, overlay.Field{"spec", "strategy", "type"}, fmt.Sprintf(
				"%s is served by one pod, which each rollout ends before the new one starts, so requests fail meanwhile; write RollingUpdate, unless two must never run together", named))
		default:
			pass.Report(o, overlay.Field{"spec", "strategy", "type"}, fmt.Sprintf(
				"%s is served, and each rollout ends all its %d pods before a new one starts, so requests fail meanwhile; write RollingUpdate", named, least))
		}
		return
	}
	rolling := "rollingUpdate"
	if o.Ref.Kind == "DeploymentConfig" {
		rolling = "rollingParams"
	}
	said := text(strategy, rolling, "maxUnavailable")
	away, ok := share(strategy, least, rolling, "maxUnavailable")
	all := said == "100%" || !strings.HasSuffix(said, "%") && away >= least // less than 100 % is rounded down
	if ok && all && (least > 1 || least == 1 && said == "100%" && pass.serves(w)) {
		pass.Report(o, overlay.Field{"spec", "strategy", rolling, "maxUnavailable"}, fmt.Sprintf(
			"%s has %d pods, and a rollout may end all of them at once (maxUnavailable %s); write 1, or 25%%", named, least, said))
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
