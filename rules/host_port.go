package rules

import "fmt"

var _ = add(Rule{
	ID:        "host-port",
	Title:     "a port of the node itself",
	Why:       "Only one such pod fits on a node, so a rollout can wait for ever, and the port is open to whoever reaches the node.",
	Write:     "a containerPort with a Service, or a DaemonSet where each node is to have one",
	Severity:  Warning,
	Practices: []int{17},
	Check: func(pass *Pass) {
		for pod := range pass.Workloads() {
			o := pod.Object
			if o.Ref.Kind == "DaemonSet" {
				continue // one a node on purpose
			}
			if text(pod.Spec, "hostNetwork") == "true" {
				pass.Report(o, pod.At("hostNetwork"), fmt.Sprintf("the pods of %s %s stand in the network of their node", o.Ref.Kind, o.Ref.Name))
				continue // its ports are the node's anyway
			}
			for _, c := range pod.Containers {
				for i, declared := range items(c.Node, "ports") {
					if number := text(declared, "hostPort"); number != "" && number != "0" {
						pass.Report(o, c.At("ports", itemStep(declared, i, "name", "containerPort"), "hostPort"),
							fmt.Sprintf("container %s takes port %s of its node", c.Name, number))
					}
				}
			}
		}
	},
})
