package rules

import (
	"fmt"
	"regexp"
	"slices"
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
		own := environmentFact{Namespaces: map[string]bool{}, Hosts: map[string]bool{}, Domains: map[string]bool{}}
		for o := range pass.Objects() {
			namespace, field := o.Ref.Namespace, overlay.Field{"metadata", "namespace"}
			if o.Ref.Kind == "Namespace" {
				namespace, field = o.Ref.Name, overlay.Field{"metadata", "name"}
			}
			if in := environmentIn(namespace); in != "" && in != pass.Build.Environment && !own.Namespaces[namespace] {
				own.Within = append(own.Within, foreign{Place: pass.Place(o, field), Value: namespace})
			}
			if namespace != "" {
				own.Namespaces[namespace] = true
			}
			for _, rule := range items(o.Node, "spec", "rules") {
				if host := text(rule, "host"); host != "" && o.Ref.Kind == "Ingress" {
					own.Hosts[host] = true
				}
			}
			eachAddress(o, func(field overlay.Field, value string) {
				switch in := environmentIn(value); {
				case in == "":
				case in == pass.Build.Environment:
					own.Hosts[addressHost(value)] = true
				default:
					own.Addresses = append(own.Addresses, foreign{Place: pass.Place(o, field), Value: value})
				}
			})
		}
		for host := range own.Hosts {
			if domain := domainOf(host); domain != "" {
				own.Domains[domain] = true
			}
		}
		pass.Fact(own)
	},
	Join: func(j *Joint) {
		facts := observed[environmentFact](j, j.Head)
		for _, here := range facts {
			for _, at := range here.Value.Within {
				there, found := sibling(j, facts, here, func(there Observed[environmentFact]) bool { return there.Value.Namespaces[at.Value] })
				if found {
					j.Report(at.Place, fmt.Sprintf("namespace %s is that of %s (overlay %s), so what is for %s ends up there; write its own",
						at.Value, there.Environment, there.Overlay, here.Environment), here.Overlay)
				}
			}
			for _, at := range here.Value.Addresses {
				if here.Value.owns(at.Value) {
					continue
				}
				host := addressHost(at.Value)
				there, found := sibling(j, facts, here, func(there Observed[environmentFact]) bool {
					return there.Value.owns(at.Value) || there.Environment == environmentIn(at.Value) && here.Value.Domains[domainOf(host)]
				})
				if found {
					j.Report(at.Place, fmt.Sprintf("%s is an address of %s (overlay %s), so %s talks to it; write its own",
						host, there.Environment, there.Overlay, here.Environment), here.Overlay)
				}
			}
		}
	},
})

// sibling is the first overlay of another environment on the same base that is
// as asked.
func sibling(j *Joint, facts []Observed[environmentFact], here Observed[environmentFact], is func(Observed[environmentFact]) bool) (there Observed[environmentFact], found bool) {
	i := slices.IndexFunc(facts, func(there Observed[environmentFact]) bool {
		return there.Environment != here.Environment && is(there) && related(j, here.Overlay, there.Overlay)
	})
	if i < 0 {
		return there, false
	}
	return facts[i], true
}

// An environmentFact is what an overlay calls its own, and what it names that
// carries another environment's word.
type environmentFact struct {
	Namespaces map[string]bool `json:"namespaces,omitempty"`
	// Hosts are those that it serves, and those that carry its own word; Domains
	// what they are in.
	Hosts   map[string]bool `json:"hosts,omitempty"`
	Domains map[string]bool `json:"domains,omitempty"`
	// Addresses are values that carry another word, Within the namespaces that do.
	Addresses []foreign `json:"addresses,omitempty"`
	Within    []foreign `json:"within,omitempty"`
}

type foreign struct {
	Place Place  `json:"place"`
	Value string `json:"value"`
}

// hostIn is the host of an address, which may be that of a flag: what stands
// before its port and path.
var hostIn = regexp.MustCompile(`^(?:--?[A-Za-z0-9._-]+=)?(?:[a-z][a-z0-9+.-]*://)?([A-Za-z0-9.-]+)`)

// addressHost is the host of an address without the rest of it, which may hold a
// password; "" for what is none.
func addressHost(address string) string {
	if m := hostIn.FindStringSubmatch(address); m != nil {
		return m[1]
	}
	return ""
}

// domainOf is the domain that somebody registered, as far as its form shows it;
// "" for names of the cluster.
func domainOf(host string) string {
	steps := strings.Split(host, ".")
	if len(steps) < 3 || slices.Contains(steps, "svc") || slices.Contains([]string{"local", "internal", "cluster"}, steps[len(steps)-1]) {
		return ""
	}
	return strings.Join(steps[len(steps)-2:], ".")
}

// owns reports whether an address leads into one of the overlay's namespaces,
// or to one of its hosts.
func (e environmentFact) owns(value string) bool {
	host := addressHost(value)
	if host == "" {
		return false
	}
	if e.Hosts[host] {
		return true
	}
	steps := strings.Split(host, ".") // SERVICE.NAMESPACE.svc…
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
