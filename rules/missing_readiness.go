package rules

import "fmt"

var _ = add(Rule{
	ID:        "missing-readiness",
	Title:     "a served container without a readiness probe",
	Why:       "A Service sends requests to a pod as soon as it starts, and during each rollout some of them fail.",
	Write:     "a readinessProbe on the port that the Service targets",
	Severity:  Warning,
	Presence:  true,
	Practices: []int{8, 22},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if !c.Workload.Lasts() || child(c.Node, "readinessProbe") != nil {
				continue
			}
			if ports := pass.Served(c); len(ports) > 0 {
				pass.Report(c.Object, c.At("readinessProbe"), fmt.Sprintf("container %s is served at port %s and has no readiness probe", c.Name, ports[0]))
			}
		}
	},
})
