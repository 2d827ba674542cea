package config

import (
	"slices"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
)

// resources reads the requests that a fix may write, by container.
func (r *reader) resources(to *[]fixes.ResourcePolicy) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = nil
		lines := map[fixes.ResourceMatch]int{}
		r.list(func(n *yaml.Node) {
			entry := fixes.ResourcePolicy{Requests: map[string]string{}}
			if !r.amounts(n, &entry, r.match(&entry.Match)) {
				return
			}
			// The first match wins, so what matches the same or less than one
			// above never counts, whatever it says.
			match := entry.Match
			for _, pattern := range []*string{&match.Namespace, &match.Name, &match.Container} {
				if *pattern == "*" {
					*pattern = ""
				}
			}
			for _, above := range wider(match) {
				if line, ok := lines[above]; ok {
					r.fault(n, "the entry in line %d matches these containers too, and the first match wins; leave one of the two", line)
					return
				}
			}
			lines[match] = n.Line
			*to = append(*to, entry)
		})(n)
	}
}

func (r *reader) match(to *fixes.ResourceMatch) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.mapping(n, keys{
			"namespace": r.pattern(&to.Namespace), "kind": r.text(&to.Kind), "name": r.pattern(&to.Name), "container": r.pattern(&to.Container),
		})
	}
}

// wider are the matches that have whatever a match has: itself, and those that
// leave out what it says.
func wider(match fixes.ResourceMatch) []fixes.ResourceMatch {
	out := []fixes.ResourceMatch{match}
	for _, field := range []func(*fixes.ResourceMatch) *string{
		func(m *fixes.ResourceMatch) *string { return &m.Namespace }, func(m *fixes.ResourceMatch) *string { return &m.Kind },
		func(m *fixes.ResourceMatch) *string { return &m.Name }, func(m *fixes.ResourceMatch) *string { return &m.Container },
	} {
		for _, m := range slices.Clone(out) {
			if said := field(&m); *said != "" {
				*said = ""
				out = append(out, m)
			}
		}
	}
	return out
}

// amounts reads requests and what goes with them, and reports whether all of
// it is right; match reads which containers, nil where that is not asked.
func (r *reader) amounts(node *yaml.Node, entry *fixes.ResourcePolicy, match func(*yaml.Node)) bool {
	before := len(r.faults)
	read := keys{
		"requests": func(n *yaml.Node) {
			r.mapping(n, keys{"cpu": r.amount("cpu", entry.Requests), "memory": r.amount("memory", entry.Requests)})
		},
		"memoryLimitFactor": r.factor(&entry.MemoryLimitFactor),
		"limits":            func(n *yaml.Node) { r.mapping(n, keys{"cpu": r.cpuLimit(&entry.CPULimit)}) },
	}
	if match != nil {
		read["match"] = match
	}
	seen := r.mapping(node, read)
	r.need(node, seen, "the entry has no %s; write requests: {cpu: 100m, memory: 256Mi}", "requests")
	if request, limit := entry.Requests["cpu"], entry.CPULimit; node != nil && request != "" && limit != "" {
		if least, most := resource.MustParse(request), resource.MustParse(limit); least.Cmp(most) > 0 {
			r.fault(node, "the limit of cpu, %s, is below the request, %s, which the API server refuses", limit, request)
		}
	}
	return node != nil && len(r.faults) == before
}

func (r *reader) amount(of string, to map[string]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": []string{"string", "number"}}) {
			return
		}
		if q, err := resource.ParseQuantity(n.Value); err != nil || q.Sign() <= 0 {
			r.fault(n, "%s is no amount of %s; write one such as %s", kind(n), of, map[string]string{"cpu": "100m", "memory": "256Mi"}[of])
			return
		}
		to[of] = n.Value
	}
}

// cpuLimit reads the limit of cpu that an entry writes. What the cluster's own
// policy forbids would be a finding as soon as it is there.
func (r *reader) cpuLimit(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		limit := map[string]string{}
		r.amount("cpu", limit)(n)
		*to = limit["cpu"]
		if limit["cpu"] == "" {
			return
		}
		r.last = append(r.last, func() {
			if r.config.Rules.CPULimits == rules.CPULimitsForbid {
				r.config.Fixes.ForgetCPULimits()
				r.fault(n, "a fix would write this limit of cpu, and cluster.cpuLimits forbids it; leave one of the two")
			}
		})
	}
}

func (r *reader) startingResources(to **fixes.ResourcePolicy) func(*yaml.Node) {
	return func(n *yaml.Node) {
		entry := fixes.ResourcePolicy{Requests: map[string]string{}}
		if r.amounts(n, &entry, nil) {
			*to = &entry
		}
	}
}
