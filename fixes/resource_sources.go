package fixes

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
)

// A sizing is what one source says of a container: a request of cpu or memory,
// and where it is from. The error is of ctx or of the tree.
type sizing func(ctx context.Context, u use, name string) (value, from string, err error)

// request is the request of cpu or memory that a container is to have: the
// first that any source knows, from what the owner says of this container to
// what is said for containers of which nothing is known.
func (p *Plan) request(ctx context.Context, u use, name string) (number, error) {
	for _, source := range []sizing{p.fromPolicy, p.fromAutoscaler, p.fromSiblings, p.fromLimitRange, p.fromStart} {
		value, from, err := source(ctx, u, name)
		if err != nil {
			return number{}, err
		}
		if q, err := resource.ParseQuantity(value); err == nil && q.Sign() > 0 {
			return number{"requests", name, value, from}, nil
		}
	}
	return number{}, &NoFix{ReasonNoPolicy, fmt.Sprintf(
		"How much %s container %s of %s needs is not Kustodian's to guess; an entry of resources in .kustodian.yaml that matches it, or fix.startingResources, says so.", name, u.name(), u.object.Ref)}
}

// knownLimit is the memory limit of the same container elsewhere, or of those
// in its namespace that say none; "" where nobody has one.
func (p *Plan) knownLimit(ctx context.Context, u use) (value, from string, err error) {
	if value, from = p.agreed(u, func(c *yaml.Node) string { return scalar(c, "resources", "limits", "memory") }); value != "" {
		return value, from, nil
	}
	return p.fromLimitRanges(ctx, u, "memory", "default")
}

func (p *Plan) fromPolicy(_ context.Context, u use, name string) (string, string, error) {
	if policy := p.resourcePolicy(u); policy != nil {
		return policy.Requests[name], "resources in the configuration", nil
	}
	return "", "", nil
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

// fromAutoscaler is what a VerticalPodAutoscaler of the container's workload
// recommends. Of those in other namespaces none counts, and of several that
// may be meant only what they agree on.
func (p *Plan) fromAutoscaler(ctx context.Context, u use, name string) (string, string, error) {
	all, err := p.committed(ctx, "VerticalPodAutoscaler", u)
	if err != nil {
		return "", "", err
	}
	value, from := "", ""
	for _, o := range all {
		target := child(o.node, "spec", "targetRef")
		named := scalar(target, "name") == u.object.Ref.Name || scalar(target, "name") == u.object.Origin.Name
		if scalar(target, "kind") != u.object.Ref.Kind || !named {
			continue
		}
		for _, recommended := range items(o.node, "status", "recommendation", "containerRecommendations") {
			found := inMebibytes(scalar(recommended, "target", name), name)
			if scalar(recommended, "containerName") != u.name() || found == "" {
				continue
			}
			if value != "" && value != found {
				return "", "", nil
			}
			value, from = found, "the recommendation of "+o.String()
		}
	}
	return value, from, nil
}

// inMebibytes is an amount of memory as people write it, rounded up: an
// autoscaler recommends 262144k, or bytes to the last.
func inMebibytes(text, name string) string {
	const mebibyte = 1 << 20
	amount, err := resource.ParseQuantity(text)
	if err != nil || name != "memory" || strings.HasSuffix(text, "i") || amount.Value() < mebibyte {
		return text
	}
	return fmt.Sprintf("%dMi", (amount.Value()+mebibyte-1)/mebibyte)
}

// fromSiblings is what the same container has elsewhere.
func (p *Plan) fromSiblings(_ context.Context, u use, name string) (string, string, error) {
	value, from := p.agreed(u, func(c *yaml.Node) string { return requested(c, name) })
	return value, from, nil
}

// agreed is what the same container, by name and image, says elsewhere, in
// other overlays or workloads: what the only one says, or two that agree where
// nobody has more.
func (p *Plan) agreed(u use, says func(*yaml.Node) string) (value, from string) {
	repository, _ := splitTag(scalar(u.node, "image"))
	witnesses := map[string][]string{} // by what they say
	most := ""
	for _, overlay := range sortedKeys(p.Builds) {
		for _, c := range p.containersIn(p.Builds[overlay]) {
			image, _ := splitTag(scalar(c.node, "image"))
			found := says(c.node)
			if c.name() != u.name() || image != repository || found == "" || p.resourcePolicy(use{p.Builds[overlay], c}) != nil {
				continue // what the policy says of one is for that one
			}
			if most == "" || more(found, most) {
				most = found
			}
			// One workload seen in several overlays that do not change it
			// is one witness.
			witnesses[found] = once(witnesses[found], c.object.Origin.String()+" "+overlaysWord(c.object.Origin == u.object.Origin, overlay))
		}
	}
	found := witnesses[most]
	switch {
	case len(found) > 1:
		slices.Sort(found)
		return most, fmt.Sprintf("%s and %s, which agree", found[0], found[1])
	case len(witnesses) == 1:
		return most, fmt.Sprintf("%s, the only other place that has the container", found[0])
	}
	return "", ""
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

// fromLimitRange is what containers of the namespace request by default.
func (p *Plan) fromLimitRange(ctx context.Context, u use, name string) (string, string, error) {
	return p.fromLimitRanges(ctx, u, name, "defaultRequest", "default")
}

// fromLimitRanges is the first of some fields that a LimitRange of the
// container's namespace says of a resource.
func (p *Plan) fromLimitRanges(ctx context.Context, u use, name string, fields ...string) (string, string, error) {
	all, err := p.committed(ctx, "LimitRange", u)
	if err != nil {
		return "", "", err
	}
	for _, o := range all {
		for _, limit := range items(o.node, "spec", "limits") {
			for _, field := range fields {
				if value := scalar(limit, field, name); scalar(limit, "type") == "Container" && value != "" {
					return value, "the defaults of " + o.String(), nil
				}
			}
		}
	}
	return "", "", nil
}

func (p *Plan) fromStart(_ context.Context, _ use, name string) (string, string, error) {
	if p.Policy.StartingResources == nil {
		return "", "", nil
	}
	return p.Policy.StartingResources.Requests[name], "fix.startingResources in the configuration; measure, and write what it uses", nil
}
