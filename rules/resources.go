package rules

// sized reports whether a container gets a request or limit (the key requests
// or limits) for a resource: from itself, its pod, the LimitRange of its
// namespace, or a VerticalPodAutoscaler. A request that is missing takes the
// value of the limit.
func (p *Pass) sized(c Container, key, name string) bool {
	if says(c, key, name) || child(c.Workload.Spec, "resources", key, name) != nil || p.defaulted(c.Object.Ref.Namespace, key, name) {
		return true
	}
	for _, vpa := range p.recommenders(c.Object) {
		if vpa.recommends(c.Name, name) {
			return true
		}
	}
	return key == "requests" && (says(c, "limits", name) || p.defaulted(c.Object.Ref.Namespace, "limits", name))
}

// says reports whether the container itself says a request or limit.
func says(c Container, key, name string) bool { return text(c.Node, "resources", key, name) != "" }

// limited is what a LimitRange gives the containers of a namespace: the key
// requests or limits, of a resource.
type limited struct{ namespace, key, name string }

// defaults are the fields of a LimitRange that the API server takes a missing
// request or limit from.
var defaults = map[string][]string{"requests": {"defaultRequest", "default", "min", "max"}, "limits": {"default", "max"}}

// defaulted reports whether a LimitRange of the build gives the containers of a
// namespace a request or limit that they do not say.
func (p *Pass) defaulted(namespace, key, name string) bool {
	if x := p.index; x.limited == nil {
		x.limited = map[limited]bool{}
		for o := range p.Objects("LimitRange") {
			for _, limit := range items(o.Node, "spec", "limits") {
				if text(limit, "type") != "Container" {
					continue
				}
				for key, fields := range defaults {
					for _, field := range fields {
						for _, name := range keys(child(limit, field)) {
							x.limited[limited{o.Ref.Namespace, key, name}] = true
						}
					}
				}
			}
		}
	}
	return p.index.limited[limited{namespace, key, name}]
}
