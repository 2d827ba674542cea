package rules

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "state-in-deployment",
	Title:     "a database that is run as if it had no state",
	Why:       "A Deployment may run two pods on one data folder during a rollout, and gives a pod no name and no volume of its own; what is on the pod's or node's disk is lost with it.",
	Write:     "a StatefulSet with volumeClaimTemplates, or the operator of the database",
	Severity:  Warning,
	Practices: []int{14, 15, 29},
	Check: func(pass *Pass) {
		for w := range pass.Workloads() {
			if !w.Lasts() || w.Object.Ref.Kind == "DaemonSet" {
				continue
			}
			for _, c := range w.Containers {
				if name, d, ok := databaseOf(c); ok && !c.Init {
					keepsState(pass, w, c, name, d)
				}
			}
		}
	},
})

// keepsState reports a database whose data is on the pod's disk, or on a claim
// that a Deployment's pods share.
func keepsState(pass *Pass, w *Workload, c Container, name string, d database) {
	named := w.Object.Ref.Kind + " " + w.Object.Ref.Name
	for i, mount := range items(c.Node, "volumeMounts") {
		folder, volume := text(mount, "mountPath"), volumeOf(w, text(mount, "name"))
		switch disk := diskOf(volume); {
		case disk != "" && d.keeps(folder) && !d.cache:
			pass.Report(w.Object, c.At("volumeMounts", overlay.IndexStep(i)), fmt.Sprintf("%s of %s keeps its data in %s on %s, which is lost with it; write a StatefulSet with volumeClaimTemplates", name, named, folder, disk))
			return
		case child(volume, "persistentVolumeClaim") != nil && w.Object.Ref.Kind != "StatefulSet":
			pass.Report(w.Object, overlay.Field{"kind"}, fmt.Sprintf("%s runs %s on claim %s; write a StatefulSet with volumeClaimTemplates, whose pod keeps its name and its volume", named, name, text(volume, "persistentVolumeClaim", "claimName")))
			return
		}
	}
	if w.Object.Ref.Kind == "StatefulSet" && !d.cache && len(pass.claims(w)) == 0 && len(items(w.Object.Node, "spec", "volumeClaimTemplates")) == 0 &&
		!slices.ContainsFunc(items(c.Node, "volumeMounts"), func(mount *yaml.Node) bool { return d.keeps(text(mount, "mountPath")) }) {
		pass.Report(w.Object, overlay.Field{"spec"}, fmt.Sprintf("%s runs %s without a volume, so its data is gone with each pod; write volumeClaimTemplates", named, name))
	}
}

// diskOf says which disk a volume is on that is lost with the pod or the node.
func diskOf(volume *yaml.Node) string {
	keys := keys(volume)
	switch {
	case slices.Contains(keys, "emptyDir"):
		return "the pod's own disk"
	case slices.Contains(keys, "hostPath"):
		return "one node's disk"
	}
	return ""
}
