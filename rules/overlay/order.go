package overlay

import (
	"cmp"
	"fmt"
	"slices"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// The kustomize command prints objects in an order of its own, by kind and
// name: Namespaces first, webhooks last. The engine is run without it, so that
// builds of one overlay in other words, whose names differ, come out side by
// side, and the order is made here.

// ordered is an object of the engine with its place in the engine's own order.
type ordered struct {
	*resource.Resource
	id resid.ResId
	at int
}

// printOrder returns the objects in the order in which kustomize prints them.
// asIs is set where the kustomization has sortOptions, which the engine obeyed.
// Two objects of one name are an error, as they are there.
func printOrder(built resmap.ResMap, asIs bool) ([]ordered, error) {
	objects := make([]ordered, 0, built.Size())
	for i, r := range built.Resources() {
		objects = append(objects, ordered{Resource: r, at: i})
	}
	if asIs {
		return objects, nil
	}
	// Whether a kind has namespaces is asked of the schema, which a build with
	// one of its own may be changing.
	schemaLock.RLock()
	defer schemaLock.RUnlock()
	known := map[resid.ResId]bool{}
	for i := range objects {
		id := objects[i].CurId()
		objects[i].id = id
		id.Namespace = id.EffectiveNamespace()
		if known[id] {
			return nil, fmt.Errorf("may not add resource with an already registered id: %s", objects[i].id)
		}
		known[id] = true
	}
	slices.SortFunc(objects, func(a, b ordered) int { return compareIDs(a.id, b.id) })
	return objects, nil
}

// compareIDs orders by kind as the engine ranks them, then by namespace and
// name, as text: nothing comes after letters there.
func compareIDs(a, b resid.ResId) int {
	if !a.Gvk.Equals(b.Gvk) {
		less := a.Gvk.IsLessThan(b.Gvk)
		if a.Kind == "Namespace" && b.Kind == "Namespace" && (a.Group == "" || b.Group == "") {
			less = !less // Kubernetes' own before other groups'
		}
		if less {
			return -1
		}
		return 1
	}
	return cmp.Compare(sortText(a), sortText(b))
}

func sortText(id resid.ResId) string {
	return cmp.Or(id.Namespace, "~X") + "|" + cmp.Or(id.Name, "~N")
}
