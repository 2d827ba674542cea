package rules

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An autoscaler sets the replicas of a workload between two bounds.
type autoscaler struct {
	object *overlay.Object
	// least and most are the bounds, with the API's defaults where it says nothing.
	least, most int
	// leastKey and mostKey are the fields of the bounds below spec.
	leastKey, mostKey string
	// readable is not set where a bound is no number, such as a variable that
	// is filled in later.
	readable bool
}

// autoscalerOf reads a HorizontalPodAutoscaler or KEDA's ScaledObject.
func autoscalerOf(o *overlay.Object) autoscaler {
	a := autoscaler{object: o, leastKey: "minReplicas", mostKey: "maxReplicas", least: 1}
	if o.Ref.Kind == "ScaledObject" {
		a = autoscaler{object: o, leastKey: "minReplicaCount", mostKey: "maxReplicaCount", most: 100}
	}
	spec := child(o.Node, "spec")
	a.readable = number(spec, a.least, a.leastKey) == number(spec, a.least+1, a.leastKey) || text(spec, a.leastKey) == ""
	a.readable = a.readable && (text(spec, a.mostKey) == "" && a.most > 0 || number(spec, -1, a.mostKey) >= 0)
	a.least, a.most = number(spec, a.least, a.leastKey), number(spec, a.most, a.mostKey)
	return a
}

// autoscalersOf are the HorizontalPodAutoscalers and KEDA's ScaledObjects of a
// build by their targets: kind, namespace, name.
func (x *index) autoscalersOf(o *overlay.Object) []autoscaler {
	if x.scaling == nil {
		x.scaling = map[[3]string][]autoscaler{}
		for _, kind := range []string{"HorizontalPodAutoscaler", "ScaledObject"} {
			for _, o := range x.kinds[kind] {
				at := targetOf(o, child(o.Node, "spec", "scaleTargetRef"))
				x.scaling[at] = append(x.scaling[at], autoscalerOf(o))
			}
		}
	}
	return x.scaling[[3]string{o.Ref.Kind, o.Ref.Namespace, o.Ref.Name}]
}

// targetOf is the kind, namespace and name of the workload that an object
// refers to; KEDA means a Deployment where it names no kind.
func targetOf(o *overlay.Object, target *yaml.Node) [3]string {
	kind := text(target, "kind")
	if kind == "" && o.Ref.Kind == "ScaledObject" {
		kind = "Deployment"
	}
	return [3]string{kind, o.Ref.Namespace, text(target, "name")}
}

// autoscalers are what sets the replicas of a workload, in the order of the build.
func (p *Pass) autoscalers(o *overlay.Object) []autoscaler { return p.index.autoscalersOf(o) }

// recommender is a VerticalPodAutoscaler that sets the requests of a workload.
type recommender struct {
	object *overlay.Object
	mode   string // Auto, Recreate, InPlaceOrRecreate or Initial; Off is none
}

// recommenders are the VerticalPodAutoscalers that set the requests of a workload.
func (p *Pass) recommenders(o *overlay.Object) []recommender {
	x := p.index
	if x.recommending == nil {
		x.recommending = map[[3]string][]recommender{}
		for _, vpa := range x.kinds["VerticalPodAutoscaler"] {
			mode := text(vpa.Node, "spec", "updatePolicy", "updateMode")
			if mode == "" {
				mode = "Auto"
			}
			if at := targetOf(vpa, child(vpa.Node, "spec", "targetRef")); mode != "Off" {
				x.recommending[at] = append(x.recommending[at], recommender{vpa, mode})
			}
		}
	}
	return x.recommending[[3]string{o.Ref.Kind, o.Ref.Namespace, o.Ref.Name}]
}

// recommends reports whether it sets the request of a container for a resource.
func (r recommender) recommends(container, name string) bool {
	set := true
	for _, policy := range items(r.object.Node, "spec", "resourcePolicy", "containerPolicies") {
		if of := text(policy, "containerName"); of != "*" && of != container {
			continue
		}
		set = text(policy, "mode") != "Off"
		if controlled := items(policy, "controlledResources"); controlled != nil {
			set = set && slices.Contains(literals(controlled), name)
		}
		if text(policy, "containerName") == container {
			return set // the container's own policy comes before the one of all
		}
	}
	return set
}

// replicated are the kinds whose spec.replicas says how many pods there are.
var replicated = []string{"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout", "CloneSet"}

// replicas is how many pods a workload asks for itself: 1 where it says
// nothing. ok is false where it asks for none or cannot say.
func replicas(o *overlay.Object) (count int, said, ok bool) {
	if !slices.Contains(replicated, o.Ref.Kind) {
		return 0, false, false
	}
	if said = text(o.Node, "spec", "replicas") != ""; !said {
		return 1, false, true
	}
	count = number(o.Node, -1, "spec", "replicas") // below 0 where it is filled in later
	return count, said, count >= 0
}

// leastReplicas is how many pods a workload has at its quietest: the least of
// its autoscaler where it has one. 0 is a workload that stands still, or whose
// number is not known.
func (p *Pass) leastReplicas(o *overlay.Object) int {
	count, _, ok := replicas(o)
	if !ok || count == 0 {
		return 0 // an autoscaler leaves a workload alone that is scaled to nothing
	}
	for _, a := range p.autoscalers(o) {
		return a.least
	}
	return count
}
