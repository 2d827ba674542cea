package rules

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A claim is a PersistentVolumeClaim that a pod's volume names.
type claim struct {
	volume, name string
	object       *overlay.Object // nil where the build does not make it
}

// claims are the claims of a pod that all its replicas share: those of a
// StatefulSet's own templates are each pod's own.
func (p *Pass) claims(w *Workload) []claim {
	var out []claim
	for _, volume := range items(w.Spec, "volumes") {
		if name := text(volume, "persistentVolumeClaim", "claimName"); name != "" {
			out = append(out, claim{text(volume, "name"), name, p.named("PersistentVolumeClaim", w.Object.Ref.Namespace, name)})
		}
	}
	return out
}

// single reports whether only one node can mount the claim at a time. Nobody
// can tell of one that is made elsewhere.
func (c claim) single() bool {
	if c.object == nil {
		return false
	}
	modes := literals(items(c.object.Node, "spec", "accessModes"))
	once := func(mode string) bool { return mode == "ReadWriteOnce" || mode == "ReadWriteOncePod" }
	return len(modes) > 0 && !slices.ContainsFunc(modes, func(mode string) bool { return !once(mode) })
}

// mode is the access mode of a claim that is single.
func (c claim) mode() string { return items(c.object.Node, "spec", "accessModes")[0].Value }

// staysOnNode reports whether the claim's storage is a disk of a node: pods
// that use it are put onto that node, where all of them can mount it.
func (c claim) staysOnNode() bool {
	return slices.Contains([]string{"local-path", "hostpath", "openebs-hostpath", "local-storage", "local-hostpath", "standard-local"}, text(c.object.Node, "spec", "storageClassName"))
}

// mayBeSingle reports whether the pod has a claim that only one node can mount,
// or one of which nobody knows.
func (p *Pass) mayBeSingle(w *Workload) bool {
	return len(items(w.Object.Node, "spec", "volumeClaimTemplates")) > 0 ||
		slices.ContainsFunc(p.claims(w), func(c claim) bool { return c.object == nil || c.single() })
}

// volumeOf is the volume of a pod with a name, nil where there is none.
func volumeOf(w *Workload, name string) *yaml.Node {
	for _, volume := range items(w.Spec, "volumes") {
		if text(volume, "name") == name && name != "" {
			return volume
		}
	}
	return nil
}
