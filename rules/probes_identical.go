package rules

import "fmt"

var _ = add(Rule{
	ID:    "probes-identical",
	Title: "liveness and readiness that are the same probe",
	Why: "A container that is busy for a moment should get no requests for that moment. Where the same probe also restarts it, " +
		"what it was busy with is lost, and the load of all of them falls on those that are left.",
	Write:     "a livenessProbe that bears more failures than the readinessProbe, or one that asks for less",
	Severity:  Warning,
	Practices: []int{21},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			liveness, hasLiveness := c.probe("livenessProbe")
			readiness, hasReadiness := c.probe("readinessProbe")
			if !hasLiveness || !hasReadiness || liveness.asks() == "" || liveness.asks() != readiness.asks() || liveness.tolerates() > readiness.tolerates() {
				continue
			}
			pass.Report(c.Object, liveness.at(), fmt.Sprintf(
				"container %s is restarted by the probe that takes it out of the Service, after %d s where readiness bears %d s; write a failureThreshold of %d here",
				c.Name, liveness.tolerates(), readiness.tolerates(), longer(liveness, readiness)))
		}
	},
})

// longer is a failureThreshold with which liveness bears failures for thrice as
// long as readiness, and for a minute at least.
func longer(liveness, readiness probe) int {
	period := max(liveness.period, 1)
	return (max(60, 3*readiness.tolerates()) + period - 1) / period
}
