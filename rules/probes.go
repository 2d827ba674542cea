package rules

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A probe is a probe of a container, with the API's defaults where it says nothing.
type probe struct {
	container Container
	key       string // readinessProbe, livenessProbe or startupProbe
	node      *yaml.Node
	// delay and period are in seconds, threshold counts failures.
	delay, period, threshold int
}

// probeKeys are the probes that a container can have.
var probeKeys = []string{"readinessProbe", "livenessProbe", "startupProbe"}

// probe is the container's probe at a key; ok is false where there is none.
func (c Container) probe(key string) (p probe, ok bool) {
	node := child(c.Node, key)
	if node == nil || node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		return probe{}, false
	}
	return probe{
		container: c, key: key, node: node,
		delay:  number(node, 0, "initialDelaySeconds"),
		period: number(node, 10, "periodSeconds"), threshold: number(node, 3, "failureThreshold"),
	}, true
}

// at is a field of the probe.
func (p probe) at(steps ...string) overlay.Field {
	return p.container.At(append([]string{p.key}, steps...)...)
}

// tolerates is for how many seconds the probe may fail before it has failed.
func (p probe) tolerates() int { return p.period * p.threshold }

// asks is what the probe does, in a form that is equal for equal handlers:
// ports are numbers where the container names them. "" is a probe without a handler.
func (p probe) asks() string {
	port := func(n *yaml.Node) string { return portNumber(p.container, text(n, "port")) }
	if exec := items(p.node, "exec", "command"); len(exec) > 0 {
		return "exec " + strings.Join(literals(exec), "\x00")
	}
	if http := child(p.node, "httpGet"); http != nil {
		scheme, path := strings.ToUpper(text(http, "scheme")), text(http, "path")
		if scheme == "" {
			scheme = "HTTP"
		}
		if path == "" {
			path = "/"
		}
		asks := []string{"http", scheme, text(http, "host"), port(http), path}
		for _, header := range items(http, "httpHeaders") {
			asks = append(asks, text(header, "name")+":"+text(header, "value"))
		}
		return strings.Join(asks, " ")
	}
	if tcp := child(p.node, "tcpSocket"); tcp != nil {
		return "tcp " + text(tcp, "host") + " " + port(tcp)
	}
	if grpc := child(p.node, "grpc"); grpc != nil {
		return "grpc " + text(grpc, "service") + " " + port(grpc)
	}
	return ""
}

// portNumber is the number of a port that the container names, else the port itself.
func portNumber(c Container, port string) string {
	for _, have := range items(c.Node, "ports") {
		if text(have, "name") == port && text(have, "containerPort") != "" {
			return text(have, "containerPort")
		}
	}
	return port
}

// literals are the texts of a list's scalars.
func literals(list []*yaml.Node) []string {
	out := make([]string, 0, len(list))
	for _, item := range list {
		if item = follow(item); item.Kind == yaml.ScalarNode {
			out = append(out, item.Value)
		}
	}
	return out
}
