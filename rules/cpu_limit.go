package rules

import "fmt"

// What [Policy].CPULimits may say.
const (
	CPULimitsForbid  = "forbid"
	CPULimitsRequire = "require"
)

var _ = add(Rule{
	ID:    "cpu-limit",
	Title: "a cpu limit against the repository's policy",
	Why: "A limit throttles beside idle cores; without one, a neighbour may take what is idle. Which is worse is for the owner of the cluster to say, " +
		"so the rule is silent until the policy says forbid or require.",
	Write:     "a cpu limit where the policy is require, none where it is forbid",
	Severity:  Warning,
	Practices: []int{9},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			has := says(c, "limits", "cpu")
			switch {
			case c.Init && !c.Sidecar:
			case pass.Policy.CPULimits == CPULimitsForbid && has:
				pass.Report(c.Object, c.At("resources", "limits", "cpu"), fmt.Sprintf("container %s has a cpu limit of %s, and the policy forbids cpu limits; remove it", c.Name, text(c.Node, "resources", "limits", "cpu")))
			case pass.Policy.CPULimits == CPULimitsRequire && !has && !pass.sized(c, "limits", "cpu"):
				pass.Report(c.Object, c.At("resources", "limits", "cpu"), fmt.Sprintf("container %s has no cpu limit, and the policy requires one", c.Name))
			}
		}
	},
})
