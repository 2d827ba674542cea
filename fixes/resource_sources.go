package fixes

import (
	"fmt"
	"path"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
)

// request is the request of cpu or memory that a container is to have: the
// first that any source knows, from what the owner says of this container to
// what is said for containers of which nothing is known.
func (p *Plan) request(u use, name string) (number, bool) {
	for _, source := range []func(use, string) (value, from string){p.fromPolicy, p.fromAutoscaler, p.fromSiblings, p.fromLimitRange, p.fromStart} {
		value, from := source(u, name)
		if q, err := resource.ParseQuantity(value); err == nil && q.Sign() > 0 {
			return number{"requests", name, value, from}, true
		}
	}
	return number{}, false
}

func (p *Plan) fromPolicy(u use, name string) (string, string) {
	if policy := p.resourcePolicy(u); policy != nil {
		return policy.Requests[name], "resources in the configuration"
	}
	return "", ""
}

// resourcePolicy is the first entry that matches the container, nil for none.
func (p *Plan) resourcePolicy(u use) *ResourcePolicy {
	for i, policy := range p.Policy.Resources {
		m := policy.Match
		// A pattern of names fits a name as it is written or as it is built.
		if matches(m.Namespace, u.object.Ref.Namespace) && (m.Kind == "" || m.Kind == u.object.Ref.Kind) &&
			(matches(m.Name, u.object.Origin.Name) || matches(m.Name, u.object.Ref.Name)) && matches(m.Container, u.name()) {
			return &p.Policy.Resources[i]
		}
	}
	return nil
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == "" || err == nil && ok
}

// fromAutoscaler is what a VerticalPodAutoscaler of the build recommends.
func (p *Plan) fromAutoscaler(u use, name string) (string, string) {
	for _, o := range u.build.Objects {
		target := child(o.Node, "spec", "targetRef")
		if o.Ref.Kind != "VerticalPodAutoscaler" || scalar(target, "kind") != u.object.Ref.Kind || scalar(target, "name") != u.object.Ref.Name {
			continue
		}
		for _, recommended := range items(o.Node, "status", "recommendation", "containerRecommendations") {
			if scalar(recommended, "containerName") == u.name() {
				return scalar(recommended, "target", name), "the recommendation of " + o.Ref.String()
			}
		}
	}
	return "", ""
}

// fromSiblings is what the same container, by name and image, has elsewhere:
// in other overlays or workloads, where all of them agree.
func (p *Plan) fromSiblings(u use, name string) (string, string) {
	repository, _ := splitTag(scalar(u.node, "image"))
	value, where := "", map[string]bool{}
	for _, overlay := range sortedKeys(p.Builds) {
		for _, c := range p.containersIn(p.Builds[overlay]) {
			image, _ := splitTag(scalar(c.node, "image"))
			found := requested(c.node, name)
			if c.name() != u.name() || image != repository || found == "" {
				continue
			}
			if value != "" && value != found {
				return "", ""
			}
			value = found
			// One workload seen in several overlays that do not change it
			// is one witness.
			where[c.object.Origin.String()+" "+overlaysWord(c.object.Origin == u.object.Origin, overlay)] = true
		}
	}
	witnesses := sortedKeys(where)
	switch len(witnesses) {
	case 0:
		return "", ""
	case 1:
		return value, fmt.Sprintf("%s, the only other place that has the container", witnesses[0])
	}
	return value, fmt.Sprintf("%s and %s, which agree", witnesses[0], witnesses[1])
}

// overlaysWord tells overlays of the container's own workload apart.
func overlaysWord(own bool, overlay string) string {
	if own {
		return "in overlay " + overlay
	}
	return "of the same repository"
}

// requested is a container's request, which a limit stands for.
func requested(container *yaml.Node, name string) string {
	if request := scalar(container, "resources", "requests", name); request != "" {
		return request
	}
	return scalar(container, "resources", "limits", name)
}

// fromLimitRange is the default of the container's namespace, as any overlay
// of the workload has it.
func (p *Plan) fromLimitRange(u use, name string) (string, string) {
	for _, overlay := range sortedKeys(p.Builds) {
		for _, o := range p.Builds[overlay].Objects {
			if o.Ref.Kind != "LimitRange" || o.Ref.Namespace != u.object.Ref.Namespace {
				continue
			}
			for _, limit := range items(o.Node, "spec", "limits") {
				value := scalar(limit, "defaultRequest", name)
				if value == "" {
					value = scalar(limit, "default", name)
				}
				if scalar(limit, "type") == "Container" && value != "" {
					return value, "the defaults of " + o.Ref.String()
				}
			}
		}
	}
	return "", ""
}

func (p *Plan) fromStart(_ use, name string) (string, string) {
	if p.Policy.StartingResources == nil {
		return "", ""
	}
	return p.Policy.StartingResources.Requests[name], "fix.startingResources in the configuration; measure, and write what it uses"
}
