package rules

import "fmt"

// overcommitFactor is how many times its request a container may use before
// the node's plan has little to do with what happens on it.
const overcommitFactor = 4

var _ = add(Rule{
	ID:        "memory-overcommit",
	Title:     "a memory limit far above the request",
	Why:       "The scheduler counts requests. A node full of containers that may use many times theirs runs out of memory, and the kernel chooses who dies.",
	Write:     "a request near what the container was measured to use, and a limit near the request",
	Severity:  Off,
	Practices: []int{10},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			request, hasRequest := quantity(c.Node, "resources", "requests", "memory")
			limit, hasLimit := quantity(c.Node, "resources", "limits", "memory")
			if !hasRequest || !hasLimit || request.Sign() <= 0 || limit.AsApproximateFloat64() <= overcommitFactor*request.AsApproximateFloat64() {
				continue
			}
			pass.Report(c.Object, c.At("resources", "limits", "memory"), fmt.Sprintf(
				"container %s may use %.0f times the memory that it requests (%s, limit %s); raise the request to what it uses",
				c.Name, limit.AsApproximateFloat64()/request.AsApproximateFloat64(), request.String(), limit.String()))
		}
	},
})
