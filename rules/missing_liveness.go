package rules

import "fmt"

var _ = add(Rule{
	ID:        "missing-liveness",
	Title:     "a served container without a liveness probe",
	Why:       "A process that hangs goes on hanging until somebody notices. No probe is better than a wrong one, so this is a hint.",
	Write:     "a livenessProbe that fails only when a restart helps, and never because of something else the program needs",
	Severity:  Info,
	Presence:  true,
	Practices: []int{21},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if !c.Workload.Lasts() || child(c.Node, "readinessProbe") == nil || child(c.Node, "livenessProbe") != nil {
				continue
			}
			if pass.takesRequests(c) {
				pass.Report(c.Object, c.At("livenessProbe"), fmt.Sprintf("container %s has a readiness probe and no liveness probe", c.Name))
			}
		}
	},
})
