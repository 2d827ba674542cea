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
	Implies:   []string{"host-port"},
	// What a pod takes of its node it takes for one purpose, so it is said once.
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			rights := rightsOf(pod)
			if len(rights) == 0 {
				continue
			}
			worst := slices.MinFunc(rights, func(a, b right) int { return int(b.severity) - int(a.severity) })
			var said []string
			for _, r := range rights {
				said = append(said, r.said)
			}
			if partOfCluster(pod) {
				worst.severity = Info // it is there to change its node
			}
			pass.Fault(Fault{Object: pod.Object, Field: worst.field, Severity: worst.severity, Whole: true,
				Message: fmt.Sprintf("the pods of %s %s %s; whoever takes one over takes over the node. Remove it, or say in an ignore comment why it has to be", pod.Object.Ref.Kind, pod.Object.Ref.Name, list(said))})
		}
	},
})

// partOfCluster reports whether a pod says that it is part of the cluster and not
// of an application: by its namespace, or by a priority kept for such pods.
func partOfCluster(pod *Workload) bool {
	return pod.Object.Ref.Namespace == "kube-system" || strings.HasPrefix(text(pod.Spec, "priorityClassName"), "system-")
}

// A right is something that a pod may do on its node.
type right struct {
	severity Severity
	field    overlay.Field
	said     string // what the pods do
}

// rightsOf are the rights of a pod, those of its containers first.
func rightsOf(pod *Workload) []right {
	var out []right
	for _, c := range pod.Containers {
		context := child(c.Node, "securityContext")
		if text(context, "privileged") == "true" {
			out = append(out, right{Warning, c.At("securityContext", "privileged"), fmt.Sprintf("can do on their node what root can (container %s is privileged)", c.Name)})
			continue // it has every capability
		}
		if text(context, "windowsOptions", "hostProcess") == "true" {
			out = append(out, right{Warning, c.At("securityContext", "windowsOptions", "hostProcess"), fmt.Sprintf("can do on their node what its users can (container %s is a host process)", c.Name)})
		}
		for i, added := range items(context, "capabilities", "add") {
			if !slices.Contains(harmless, added.Value) {
				out = append(out, right{Warning, c.At("securityContext", "capabilities", "add", overlay.IndexStep(i)),
					fmt.Sprintf("have the capability %s (container %s)", added.Value, c.Name)})
			}
		}
	}
	if pod.Object.Ref.Kind == "DaemonSet" && text(pod.Spec, "hostNetwork") == "true" { // of others the rule host-port speaks
		out = append(out, right{Info, pod.At("hostNetwork"), "stand in the network of their node (hostNetwork)"})
	}
	for _, key := range []string{"hostPID", "hostIPC"} {
		if text(pod.Spec, key) == "true" {
			out = append(out, right{Warning, pod.At(key), fmt.Sprintf("see the processes of their node (%s)", key)})
		}
	}
	return append(out, nodeFiles(pod)...)
}

// harmless are the capabilities that the restricted Pod Security Standard lets
// a container add.
var harmless = []string{"NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"}

// runtimeSocket is a path at which a container runtime takes orders.
var runtimeSocket = regexp.MustCompile(`(docker|containerd|crio|cri-dockerd|podman)\.sock$`)

func nodeFiles(pod *Workload) []right {
	var out []right
	for i, volume := range items(pod.Spec, "volumes") {
		path := text(volume, "hostPath", "path")
		if path == "" {
			continue
		}
		r := right{Warning, pod.At("volumes", itemStep(volume, i, "name"), "hostPath", "path"), fmt.Sprintf("use %s of their node", path)}
		if runtimeSocket.MatchString(strings.TrimSuffix(path, "/")) {
			r.said = "order their node's container runtime by " + path
		} else if pod.Object.Ref.Kind == "DaemonSet" {
			r.severity = Info // an agent of the node is about the node's files
		}
		out = append(out, r)
	}
	return out
}
