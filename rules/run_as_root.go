package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "run-as-root",
	Title:     "containers that may run as root",
	Why:       "Who breaks out of one is root on its node.",
	Write:     "securityContext: {runAsNonRoot: true}, with an image whose user is a number other than 0",
	Severity:  Info,
	Practices: []int{14},
	Presence:  true,
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			o := pod.Object
			var open []string
			for _, c := range pod.Containers {
				nonRoot, user := effective(c, "runAsNonRoot"), effective(c, "runAsUser")
				switch {
				case user == "0" && nonRoot != "true":
					pass.Report(o, saidAt(c, "runAsUser"), fmt.Sprintf("container %s runs as root (runAsUser: 0), who breaks out of it is root on the node; write the number of another user", c.Name))
				case nonRoot == "false" && text(c.Node, "securityContext", "runAsUser") == "":
					pass.Report(o, saidAt(c, "runAsNonRoot"), fmt.Sprintf("runAsNonRoot: false lets container %s run as root; write true, if its image has another user", c.Name))
				case nonRoot == "" && user == "":
					at := c.At("securityContext", "runAsNonRoot")
					if _, removed := pass.Build.Removed(o, at); removed {
						pass.Report(o, at, fmt.Sprintf("nothing keeps container %s from running as root", c.Name))
						continue
					}
					open = append(open, c.Name)
				}
			}
			if len(open) == 0 {
				continue
			}
			at := pod.At("securityContext", "runAsNonRoot") // one line there mends all
			if pod.Spec == nil {
				at = pod.Containers[0].At("securityContext", "runAsNonRoot")
			}
			pass.Report(o, at, fmt.Sprintf("nothing keeps %s of %s %s from running as root; write securityContext: {runAsNonRoot: true}, if the image has another user",
				containersNamed(open), o.Ref.Kind, o.Ref.Name))
		}
	},
})

// effective is what a container's security context says, or its pod's where
// the container says nothing; "" where neither does.
func effective(c Container, key string) string {
	if own := text(c.Node, "securityContext", key); own != "" {
		return own
	}
	return text(c.Workload.Spec, "securityContext", key)
}

// saidAt is the field that says what effective answers.
func saidAt(c Container, key string) overlay.Field {
	if text(c.Node, "securityContext", key) != "" {
		return c.At("securityContext", key)
	}
	return c.Workload.At("securityContext", key)
}

// containersNamed are containers in words.
func containersNamed(names []string) string {
	if len(names) == 1 {
		return "container " + names[0]
	}
	return "containers " + list(names)
}
