package rules

import (
	"fmt"
	"strings"

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
					pass.Report(o, saidAt(c, "runAsUser"), fmt.Sprintf("container %s runs as root", c.Name))
				case nonRoot == "false" && text(c.Node, "securityContext", "runAsUser") == "":
					pass.Report(o, saidAt(c, "runAsNonRoot"), fmt.Sprintf("container %s says that it may run as root", c.Name))
				case nonRoot == "" && user == "":
					open = append(open, c.Name)
				}
			}
			if len(open) > 0 { // one line in the pod's own context mends all
				pass.Report(o, pod.At("securityContext", "runAsNonRoot"),
					fmt.Sprintf("nothing keeps %s of %s %s from running as root", strings.Join(open, ", "), o.Ref.Kind, o.Ref.Name))
			}
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
