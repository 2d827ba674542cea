package rules

import "fmt"

// A container that is killed sooner than this after it starts may never get
// to run on a slow node; a delay from here on is there for a slow start.
// 30 s is what the API's defaults allow: three failures ten seconds apart.
const eagerSeconds = 30

var _ = add(Rule{
	ID:    "liveness-too-eager",
	Title: "a livenessProbe that may kill a container while it starts",
	Why: "A start that takes longer than on the day somebody measured ends in a restart, which starts as slowly again. " +
		"A fixed delay makes every start wait as long, and a hang early on is not seen.",
	Write:     "a startupProbe with the same handler, whose failureThreshold allows for the slowest start",
	Severity:  Info,
	Practices: []int{21},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			liveness, ok := c.probe("livenessProbe")
			if _, starts := c.probe("startupProbe"); !ok || starts || liveness.asks() == "" {
				continue
			}
			kill := liveness.delay + liveness.tolerates()
			switch {
			case kill < eagerSeconds:
				pass.Report(c.Object, liveness.at(), fmt.Sprintf(
					"container %s is restarted if it does not answer %d s after it starts; write a startupProbe with the same handler and a failureThreshold of %d",
					c.Name, kill, allowance(liveness, 2*eagerSeconds)))
			case liveness.delay >= eagerSeconds:
				pass.Report(c.Object, liveness.at("initialDelaySeconds"), fmt.Sprintf(
					"container %s is not looked at for %d s, however fast it starts; write a startupProbe with the same handler and a failureThreshold of %d instead",
					c.Name, liveness.delay, allowance(liveness, kill)))
			}
		}
	},
})

// allowance is the failureThreshold with which a probe allows that many seconds.
func allowance(p probe, seconds int) int {
	period := max(p.period, 1)
	return (seconds + period - 1) / period
}
