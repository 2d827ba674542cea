package rules

import (
	"fmt"
	"strconv"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "service-port-unserved",
	Title:     "a Service port that its pods do not have",
	Why:       "A port that is not found by its name leads nowhere, and one that no container declares is often a slip.",
	Write:     "the name or the number of a port that a container of the pods declares",
	Severity:  Error,
	Practices: []int{36},
	Check: func(pass *Pass) {
		pods := labelled(pass.Pods())
		for service := range pass.Objects("Service") {
			selector := selectorOf(service)
			if len(selector) == 0 {
				continue
			}
			var open []port
			unknown := false
			found := pods.selected(service, selector)
			for _, p := range found {
				pod := pass.WorkloadOf(p.Object)
				if unknown = unknown || pod == nil; pod != nil {
					open = append(open, ports(pod)...)
				}
			}
			if len(found) == 0 || unknown {
				continue
			}
			for i, said := range items(service.Node, "spec", "ports") {
				target, key := text(said, "targetPort"), "targetPort"
				if target == "" {
					target, key = text(said, "port"), "port"
				}
				field := overlay.Field{"spec", "ports", itemStep(said, i, "name", "port"), key}
				switch _, err := strconv.Atoi(target); {
				case target == "" || substituted(target) || has(open, target):
				case err != nil:
					pass.Report(service, field, fmt.Sprintf("Service %s sends to port %s, and no container of %s %s calls a port that%s",
						service.Ref.Name, target, found[0].Object.Ref.Kind, found[0].Object.Ref.Name, callsThem(open)))
				case len(open) > 0:
					pass.ReportAs(Info, service, field, fmt.Sprintf("Service %s sends to port %s, which no container of %s %s declares%s",
						service.Ref.Name, target, found[0].Object.Ref.Kind, found[0].Object.Ref.Name, callsThem(open)))
				}
			}
		}
	},
})

// A port is one that a container declares.
type port struct{ name, number string }

// ports are the ports that the containers of a pod declare.
func ports(pod *Workload) []port {
	var out []port
	for _, c := range pod.Containers {
		if c.Init && !c.Sidecar {
			continue
		}
		for _, declared := range items(c.Node, "ports") {
			out = append(out, port{text(declared, "name"), text(declared, "containerPort")})
		}
	}
	return out
}

func has(open []port, target string) bool {
	for _, p := range open {
		if p.name == target || p.number == target {
			return true
		}
	}
	return false
}

// callsThem says which ports there are.
func callsThem(open []port) string {
	said := ""
	for i, p := range open {
		switch {
		case i == 0:
			said = "; there is "
		case i == 4:
			return said + " and more"
		default:
			said += ", "
		}
		said += p.number
		if p.name != "" {
			said += " " + p.name
		}
	}
	return said
}
