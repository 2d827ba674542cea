package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:    "hpa-owns-replicas",
	Title: "replicas beside an autoscaler",
	Why: "Each time the overlay is applied, the number in it wins for a moment over what the load needs: pods are ended and started again. " +
		"Where it was applied by a client, taking it out sets the workload to one pod once, so it goes in two steps.",
	Write: "no replicas, in two steps: first, in the cluster, kubectl apply edit-last-applied without them, or, where Flux or Argo CD applies server-side, " +
		"apply an object that says nothing but replicas as another field manager; then remove the field here",

	Severity:  Warning,
	Practices: []int{31, 32},
	Check: func(pass *Pass) {
		for app := range pass.Objects("Application") {
			for _, ignored := range items(app.Node, "spec", "ignoreDifferences") {
				if ignoresReplicas(ignored) {
					pass.Fact(ownReplicas{Ignored: &ignoredReplicas{text(ignored, "kind"), text(ignored, "name"), sourcePaths(app.Node)}})
				}
			}
		}
		for w := range pass.Workloads(replicated...) {
			count, said, ok := replicas(w.Object)
			scaling := pass.autoscalers(w.Object)
			if !ok || !said || count == 0 || len(scaling) == 0 {
				continue
			}
			a := scaling[0]
			pass.Fact(ownReplicas{At: pass.Place(w.Object, overlay.Field{"spec", "replicas"}), Message: fmt.Sprintf(
				"replicas: %d beside %s %s, which sets %d to %d for %s %s; each apply sets it back to %d. Remove it here, after it is gone from the last applied configuration in the cluster",
				count, a.object.Ref.Kind, a.object.Ref.Name, a.least, a.most, w.Object.Ref.Kind, w.Object.Ref.Name, count)})
		}
	},
	Join: func(j *Joint) {
		noted := observed[ownReplicas](j, j.Head)
		for _, fact := range noted {
			at := fact.Value.At.Object
			if fact.Value.Ignored == nil && !slices.ContainsFunc(noted, func(other Observed[ownReplicas]) bool {
				return other.Value.Ignored.covers(at) && j.mayApply(other.Value.Ignored.Paths, fact.Overlay)
			}) {
				j.Report(fact.Value.At, fact.Value.Message, fact.Overlay)
			}
		}
	},
})

// ignoresReplicas reports whether an entry of ignoreDifferences leaves alone
// the replicas, or what the autoscaler's controller sets.
func ignoresReplicas(entry *yaml.Node) bool {
	return slices.Contains(literals(items(entry, "jsonPointers")), "/spec/replicas") ||
		slices.Contains(literals(items(entry, "jqPathExpressions")), ".spec.replicas") ||
		slices.Contains(literals(items(entry, "managedFieldsManagers")), "kube-controller-manager")
}

// ownReplicas is a workload that says its replicas beside an autoscaler, or an
// Argo CD Application that leaves replicas alone.
type ownReplicas struct {
	At      Place            `json:"at"`
	Message string           `json:"message,omitempty"`
	Ignored *ignoredReplicas `json:"ignored,omitempty"`
}

// ignoredReplicas are the workloads whose replicas Argo CD leaves alone; an
// empty name is all of the kind. Paths are the folders that it applies.
type ignoredReplicas struct {
	Kind, Name string
	Paths      []string
}

// sourcePaths are the folders that an Application applies.
func sourcePaths(app *yaml.Node) []string {
	var out []string
	for _, source := range append(items(app, "spec", "sources"), child(app, "spec", "source")) {
		if at := text(source, "path"); at != "" {
			out = append(out, path.Clean(strings.TrimPrefix(at, "/")))
		}
	}
	return out
}

// mayApply reports whether who applies folders may apply an overlay: not where
// all of them are other overlays.
func (j *Joint) mayApply(folders []string, dir string) bool {
	return slices.Contains(folders, dir) || len(folders) == 0 || !slices.ContainsFunc(folders, func(folder string) bool {
		return slices.ContainsFunc(j.Overlays, func(o overlay.Overlay) bool { return o.Path == folder })
	})
}

func (i *ignoredReplicas) covers(o overlay.ObjectRef) bool {
	return i != nil && (i.Kind == "*" || i.Kind == o.Kind) && (i.Name == "" || i.Name == o.Name)
}
