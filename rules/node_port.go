package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:         "node-port",
	Title:      "a Service at a port of every node",
	Why:        "Clients have to know a node and an odd port, and lose both when the node goes.",
	Write:      "type: LoadBalancer, or type: ClusterIP behind an Ingress or a Gateway",
	Severity:   Info,
	Practices:  []int{37},
	Production: true,
	Check: func(pass *Pass) {
		for service := range pass.Objects("Service") {
			if text(service.Node, "spec", "type") == "NodePort" {
				pass.Report(service, overlay.Field{"spec", "type"}, fmt.Sprintf("Service %s is reached at a port of every node", service.Ref.Name))
			}
		}
	},
})
