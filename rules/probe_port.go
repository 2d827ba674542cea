package rules

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var _ = add(Rule{
	ID:        "probe-port",
	Title:     "a probe that can never succeed, or is refused",
	Why:       "A port's name that the container does not declare fails each probe; a port in quotes and a probe on an init container are refused by the API server.",
	Write:     "a name among the container's ports, or a number without quotes; no probes on a container that ends",
	Severity:  Error,
	Practices: []int{21, 22},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			for _, key := range probeKeys {
				p, ok := c.probe(key)
				switch {
				case !ok:
				case c.Init && !c.Sidecar:
					pass.Report(c.Object, p.at(), fmt.Sprintf(
						"init container %s has a %s, which the API server refuses; only a sidecar, with restartPolicy: Always, may have one", c.Name, key))
				default:
					probePort(pass, p)
				}
			}
		}
	},
})

func probePort(pass *Pass, p probe) {
	for _, handler := range []string{"httpGet", "tcpSocket"} {
		port := child(p.node, handler, "port")
		if port == nil || port.Kind != yaml.ScalarNode || port.Value == "" || strings.ContainsAny(port.Value, "${}") {
			continue
		}
		c, at := p.container, p.at(handler, "port")
		switch number := digits.MatchString(port.Value); {
		case number && port.ShortTag() == "!!str":
			pass.Report(c.Object, at, fmt.Sprintf("the %s of container %s asks for a port named %q, which the API server refuses; write %s without quotes", p.key, c.Name, port.Value, port.Value))
		case !number && port.ShortTag() == "!!str" && portNumber(c, port.Value) == port.Value:
			pass.Report(c.Object, at, fmt.Sprintf("the %s of container %s asks port %s, and the container declares %s", p.key, c.Name, port.Value, portNames(c)))
		}
	}
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// portNames are the names of the container's ports, as a sentence says them.
func portNames(c Container) string {
	var names []string
	for _, port := range items(c.Node, "ports") {
		if name := text(port, "name"); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no port by name"
	}
	return "only " + list(names)
}
