package rules

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var _ = add(Rule{
	ID:        "privilege-unset",
	Title:     "rights that a container does not give up",
	Why:       "Most programs need none of them, and the restricted Pod Security Standard refuses who keeps them.",
	Write:     "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]} and seccompProfile: {type: RuntimeDefault}, where the program does not need more",
	Severity:  Off,
	Practices: []int{14},
	Presence:  true,
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if onWindows(c.Workload) {
				continue // which has none of these
			}
			context := child(c.Node, "securityContext")
			var missing []string
			if text(context, "allowPrivilegeEscalation") != "false" {
				missing = append(missing, "allowPrivilegeEscalation: false")
			}
			if !slices.ContainsFunc(items(context, "capabilities", "drop"), func(n *yaml.Node) bool { return strings.EqualFold(n.Value, "ALL") }) {
				missing = append(missing, "capabilities: {drop: [ALL]}")
			}
			pod := child(c.Workload.Spec, "securityContext")
			if child(context, "seccompProfile") == nil && child(pod, "seccompProfile") == nil {
				missing = append(missing, "seccompProfile: {type: RuntimeDefault}")
			}
			if len(missing) > 0 && text(context, "privileged") != "true" {
				pass.Report(c.Object, c.At("securityContext"), fmt.Sprintf("container %s keeps rights that most programs do not need; write %s, if it works with that", c.Name, list(missing)))
			}
		}
	},
})

// onWindows reports whether the pods run on Windows.
func onWindows(pod *Workload) bool {
	return text(pod.Spec, "os", "name") == "windows" || text(pod.Spec, "nodeSelector", "kubernetes.io/os") == "windows"
}
