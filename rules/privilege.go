package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "privilege",
	Title:     "a container with rights over its node",
	Why:       "What takes the program over takes the node over, and with it every pod on it.",
	Write:     "nothing of it; or the one capability that the program needs",
	Severity:  Warning,
	Practices: []int{14},
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			nodeNamespaces(pass, pod)
			nodeFiles(pass, pod)
		}
		for c := range pass.Containers() {
			context := child(c.Node, "securityContext")
			if text(context, "privileged") == "true" {
				pass.Report(c.Object, c.At("securityContext", "privileged"), fmt.Sprintf("container %s is privileged: it can do on its node what root can", c.Name))
				continue // it has every capability
			}
			for i, added := range items(context, "capabilities", "add") {
				if !slices.Contains(harmless, added.Value) {
					pass.Report(c.Object, c.At("securityContext", "capabilities", "add", overlay.IndexStep(i)),
						fmt.Sprintf("container %s adds the capability %s", c.Name, added.Value))
				}
			}
		}
	},
})

// harmless are the capabilities that the restricted Pod Security Standard lets
// a container add.
var harmless = []string{"NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"}

// nodeNamespaces leaves hostNetwork to the rule host-port.
func nodeNamespaces(pass *Pass, pod *Workload) {
	o := pod.Object
	for _, key := range []string{"hostPID", "hostIPC"} {
		if text(pod.Spec, key) == "true" {
			pass.Report(o, pod.At(key), fmt.Sprintf("the pods of %s %s see the processes of their node (%s)", o.Ref.Kind, o.Ref.Name, key))
		}
	}
}

// runtimeSocket is a path at which a container runtime takes orders.
var runtimeSocket = regexp.MustCompile(`(docker|containerd|crio|cri-dockerd|podman)\.sock$`)

func nodeFiles(pass *Pass, pod *Workload) {
	o := pod.Object
	for i, volume := range items(pod.Spec, "volumes") {
		path := text(volume, "hostPath", "path")
		if path == "" {
			continue
		}
		field := pod.At("volumes", itemStep(volume, i, "name"), "hostPath", "path")
		severity := pass.Rule.Severity
		if o.Ref.Kind == "DaemonSet" {
			severity = Info // an agent of the node is about the node's files
		}
		if runtimeSocket.MatchString(strings.TrimSuffix(path, "/")) {
			pass.Report(o, field, fmt.Sprintf("the pods of %s %s can order their node's container runtime by %s", o.Ref.Kind, o.Ref.Name, path))
			continue
		}
		pass.ReportAs(severity, o, field, fmt.Sprintf("the pods of %s %s use %s of their node", o.Ref.Kind, o.Ref.Name, path))
	}
}
