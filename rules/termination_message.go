package rules

import "fmt"

var _ = add(Rule{
	ID:        "termination-message",
	Title:     "a container that leaves no last words",
	Why:       "When a container fails, its status says only a number; the log that would say why is often gone with the pod.",
	Write:     "terminationMessagePolicy: FallbackToLogsOnError, which reads the end of the log only where the container failed",
	Severity:  Off,
	Presence:  true,
	Practices: []int{23},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if c.Workload.Lasts() && !c.Workload.Kind.bare && c.Value("terminationMessagePolicy") == "" {
				pass.Report(c.Object, c.At("terminationMessagePolicy"), fmt.Sprintf("container %s leaves no last words when it fails; write terminationMessagePolicy: FallbackToLogsOnError", c.Name))
			}
		}
	},
})
