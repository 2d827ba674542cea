package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "node-port-clash",
	Title:     "two Services with one node port",
	Why:       "The API server gives the port to the first and refuses the second.",
	Write:     "no nodePort, so that the cluster picks a free one",
	Severity:  Error,
	Practices: []int{36},
	Check: func(pass *Pass) {
		taken := map[[2]string]*overlay.Object{}
		for service := range pass.Objects("Service") {
			for i, said := range items(service.Node, "spec", "ports") {
				number := text(said, "nodePort")
				if number == "" || number == "0" {
					continue
				}
				protocol := text(said, "protocol")
				if protocol == "" {
					protocol = "TCP"
				}
				first, clash := taken[[2]string{number, protocol}]
				if !clash {
					taken[[2]string{number, protocol}] = service
					continue
				}
				pass.Report(service, overlay.Field{"spec", "ports", itemStep(said, i, "name", "port"), "nodePort"},
					fmt.Sprintf("node port %s of Service %s is that of Service %s too", number, service.Ref.Name, first.Ref.Name))
			}
		}
	},
})
