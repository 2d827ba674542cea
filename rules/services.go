package rules

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Served are the ports at which the Services of the build reach a
// container, as the Services name them: numbers or names of ports.
//
// A port for metrics does not serve: whoever scrapes it waits for nobody.
func (p *Pass) Served(c Container) []string {
	if c.Init && !c.Sidecar {
		return nil
	}
	var ports []string
	for _, service := range p.Services(c.Workload) {
		ports = append(ports, targets(service, c)...)
	}
	return ports
}

// serves reports whether requests of users reach one of the workload's
// containers through a Service. The API server's own, to a webhook, are made
// again where they fail.
func (p *Pass) serves(w *Workload) bool {
	return slices.ContainsFunc(w.Containers, p.takesRequests)
}

func (p *Pass) takesRequests(c Container) bool {
	return slices.ContainsFunc(p.Services(c.Workload), func(service *overlay.Object) bool {
		return (!c.Init || c.Sidecar) && !p.index.isWebhook(service) && len(targets(service, c)) > 0
	})
}

// isWebhook reports whether the API server calls a Service of the build.
func (x *index) isWebhook(service *overlay.Object) bool {
	if x.webhooks == nil {
		x.webhooks = map[[2]string]bool{}
		called := func(n *yaml.Node) {
			x.webhooks[[2]string{text(n, "namespace"), text(n, "name")}] = true
			x.webhooks[[2]string{"", text(n, "name")}] = true // whoever deploys the Service says where
		}
		for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
			for _, o := range x.kinds[kind] {
				for _, webhook := range items(o.Node, "webhooks") {
					called(child(webhook, "clientConfig", "service"))
				}
			}
		}
		for _, o := range x.kinds["CustomResourceDefinition"] {
			called(child(o.Node, "spec", "conversion", "webhook", "clientConfig", "service"))
		}
		for _, o := range x.kinds["APIService"] {
			called(child(o.Node, "spec", "service"))
		}
	}
	return x.webhooks[[2]string{service.Ref.Namespace, service.Ref.Name}]
}

// targets are the ports at which a Service reaches a container.
func targets(service *overlay.Object, c Container) []string {
	var ports []string
	spec := child(service.Node, "spec")
	if text(spec, "publishNotReadyAddresses") == "true" {
		return nil
	}
	for _, port := range items(spec, "ports") {
		target := text(port, "targetPort")
		if target == "" {
			target = text(port, "port")
		}
		if !metrics(text(port, "name")) && !metrics(target) && declares(c, target) {
			ports = append(ports, target)
		}
	}
	return ports
}

// Services are the Services of the build that select the pods.
func (p *Pass) Services(w *Workload) []*overlay.Object { return p.index.servicesOf(w) }

// selects reports whether a selector names at least one label and all of them match.
func selects(selector, labels *yaml.Node) bool {
	if selector == nil || selector.Kind != yaml.MappingNode || len(selector.Content) == 0 {
		return false
	}
	for i := 0; i+1 < len(selector.Content); i += 2 {
		if text(labels, selector.Content[i].Value) != selector.Content[i+1].Value {
			return false
		}
	}
	return true
}

// declares reports whether the container has the port: by name or number, or,
// where no container of the pod declares it, because it is the only container.
func declares(c Container, port string) bool {
	declared, alone := false, true
	for _, other := range c.Workload.Containers {
		for _, have := range items(other.Node, "ports") {
			if text(have, "name") == port || text(have, "containerPort") == port {
				declared = true
				if other.Name == c.Name {
					return true
				}
			}
		}
		alone = alone && (other.Name == c.Name || other.Init && !other.Sidecar)
	}
	return !declared && alone && !c.Init
}

func metrics(port string) bool {
	port = strings.ToLower(port)
	return strings.Contains(port, "metrics") || strings.Contains(port, "prometheus") || port == "prom" || strings.HasPrefix(port, "monitoring")
}
