package rules

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "wrong-environment",
	Title:     "an address of another environment",
	Why:       "One environment talks to the data of another, and nobody sees it until both are changed.",
	Write:     "the address of this environment, as a value that the overlay sets",
	Severity:  Warning,
	Practices: []int{6},
	Check: func(pass *Pass) {
		if pass.Build.Environment == "" {
			return
		}
		own := environmentFact{Namespaces: map[string]bool{}, Hosts: map[string]bool{}}
		for o := range pass.Objects() {
			if o.Ref.Namespace != "" {
				own.Namespaces[o.Ref.Namespace] = true
			}
			if o.Ref.Kind == "Namespace" {
				own.Namespaces[o.Ref.Name] = true
			}
			for _, rule := range items(o.Node, "spec", "rules") {
				if host := text(rule, "host"); host != "" && o.Ref.Kind == "Ingress" {
					own.Hosts[host] = true
				}
			}
			eachAddress(o, func(field overlay.Field, value string) {
				if in := environmentIn(value); in != "" && in != pass.Build.Environment {
					own.Addresses = append(own.Addresses, foreign{Place: pass.Place(o, field), Value: value})
				}
			})
		}
		pass.Fact(own)
	},
	Join: func(j *Joint) {
		facts := observed[environmentFact](j, j.Head)
		for _, here := range facts {
			for _, at := range here.Value.Addresses {
				for _, there := range facts {
					if there.Environment != here.Environment && there.Value.owns(at.Value) && !here.Value.owns(at.Value) && related(j, here.Overlay, there.Overlay) {
						j.Report(at.Place, fmt.Sprintf("%s is an address of %s (overlay %s)", shownAddress(at.Value), there.Environment, there.Overlay), here.Overlay)
						break
					}
				}
			}
		}
	},
})

// An environmentFact is what an overlay calls its own, and what it names that
// carries another environment's word.
type environmentFact struct {
	Namespaces map[string]bool `json:"namespaces,omitempty"`
	Hosts      map[string]bool `json:"hosts,omitempty"`
	Addresses  []foreign       `json:"addresses,omitempty"`
}

type foreign struct {
	Place Place  `json:"place"`
	Value string `json:"value"`
}

// hostIn is the host of an address: what stands before its port and path.
var hostIn = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*://)?([A-Za-z0-9.-]+)`)

// owns reports whether an address leads into one of the overlay's namespaces,
// or to one of its hosts.
func (e environmentFact) owns(value string) bool {
	m := hostIn.FindStringSubmatch(value)
	if m == nil {
		return false
	}
	if e.Hosts[m[1]] {
		return true
	}
	steps := strings.Split(m[1], ".") // SERVICE.NAMESPACE.svc…
	return len(steps) > 1 && e.Namespaces[steps[1]] && (len(steps) == 2 || steps[2] == "svc")
}

// eachAddress visits the values of an object that may be addresses: those of
// env, and of the data of ConfigMaps where they are one line.
func eachAddress(o *overlay.Object, visit func(overlay.Field, string)) {
	var walk func(n *yaml.Node, at overlay.Field)
	walk = func(n *yaml.Node, at overlay.Field) {
		n = follow(n)
		if n == nil {
			return
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], at.Append(n.Content[i].Value))
			}
		case yaml.SequenceNode:
			steps := containerSteps(n)
			for i, item := range n.Content {
				walk(item, at.Append(steps[i]))
			}
		case yaml.ScalarNode:
			if strings.Contains(n.Value, ".") && len(n.Value) < 256 && !strings.ContainsAny(n.Value, " \n@") {
				visit(at, n.Value)
			}
		}
	}
	switch {
	case o.Ref.Kind == "ConfigMap":
		walk(child(o.Node, "data"), overlay.Field{"data"})
	case o.Ref.Kind != "Secret" && o.Ref.Kind != "Ingress" && o.Ref.Kind != "CustomResourceDefinition":
		walk(child(o.Node, "spec"), overlay.Field{"spec"})
	}
}

// shownAddress is the host of an address: the rest of it may hold a password.
func shownAddress(value string) string { return hostIn.FindStringSubmatch(value)[1] }
