package rules

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An index is what many rules look up in a build, made once for all of them:
// a rule that walked all objects for each object would be quadratic.
type index struct {
	objects    []*overlay.Object // all of the build
	kinds      map[string][]*overlay.Object
	named      map[name]*overlay.Object
	workloads  []*Workload
	workloadOf map[*overlay.Object]*Workload
	// selecting are the Services by namespace and the first label that they select.
	selecting map[[3]string][]*overlay.Object
	webhooks  map[[2]string]bool        // namespace and name of a Service; made when first asked for
	labelled  map[[3]string][]*Workload // by namespace, label and value; label "" is all of the namespace
	// scaling and recommending are made when they are first asked for.
	scaling      map[[3]string][]autoscaler
	recommending map[[3]string][]recommender
	limited      map[limited]bool
	custom       *[]Container            // made when first asked for
	marked       map[string]map[int]bool // lines that Flux writes, by file; of those asked for
}

func newIndex(build *overlay.Build, policy Policy) *index {
	x := &index{
		objects: build.Objects,
		kinds:   map[string][]*overlay.Object{}, named: map[name]*overlay.Object{},
		workloadOf: map[*overlay.Object]*Workload{}, selecting: map[[3]string][]*overlay.Object{},
	}
	own := slices.Concat(policy.Kinds, configured(build))
	for _, o := range build.Objects {
		x.kinds[o.Ref.Kind] = append(x.kinds[o.Ref.Kind], o)
		x.named[name{o.Ref.Kind, o.Ref.Namespace, o.Ref.Name}] = o
		if kind := kindOf(o.Ref, own); kind != nil {
			w := workloadOf(o, kind)
			x.workloads = append(x.workloads, w)
			x.workloadOf[o] = w
		}
	}
	for _, service := range x.kinds["Service"] {
		if selector := child(service.Node, "spec", "selector"); selector != nil && selector.Kind == yaml.MappingNode && len(selector.Content) > 1 {
			first := [3]string{service.Ref.Namespace, selector.Content[0].Value, selector.Content[1].Value}
			x.selecting[first] = append(x.selecting[first], service)
		}
	}
	return x
}

// servicesOf are the Services whose selector the labels of the pods match.
func (x *index) servicesOf(w *Workload) []*overlay.Object {
	if w.Labels == nil || w.Labels.Kind != yaml.MappingNode {
		return nil
	}
	var out []*overlay.Object
	for i := 0; i+1 < len(w.Labels.Content); i += 2 {
		label := [3]string{w.Object.Ref.Namespace, w.Labels.Content[i].Value, w.Labels.Content[i+1].Value}
		for _, service := range x.selecting[label] {
			if selects(child(service.Node, "spec", "selector"), w.Labels) {
				out = append(out, service)
			}
		}
	}
	return out
}
