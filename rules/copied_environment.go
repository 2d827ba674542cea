package rules

import (
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "copied-environment",
	Title:     "an environment that is a copy of another",
	Why:       "Each change has to be made in every copy, and one day it is not.",
	Write:     "what they share into a base, and in each environment only what differs",
	Severity:  Info,
	Practices: []int{5},
	Check: func(pass *Pass) {
		if pass.Build.Environment == "" {
			return
		}
		var fact copyFact
		for w := range pass.Workloads() {
			fact.Workloads = append(fact.Workloads, w.Object.Origin.Kind+" "+w.Object.Origin.Name)
		}
		if len(fact.Workloads) < 2 {
			return
		}
		slices.Sort(fact.Workloads)
		for o := range pass.Objects() {
			if o.Ref.Kind != "Secret" { // not even a hash of what it holds
				fact.leaves(o)
			}
		}
		if len(fact.Leaves) <= maxLeaves {
			pass.Fact(fact)
		}
	},
	Join: func(j *Joint) {
		facts := observed[copyFact](j, j.Head)
		for i, here := range facts {
			for _, there := range facts[:i] {
				share := here.Value.share(there.Value)
				if share < copied || here.Environment == there.Environment || path.Dir(here.Overlay) != path.Dir(there.Overlay) || shareFiles(j, here.Overlay, there.Overlay) {
					continue
				}
				at := Place{Source: overlay.Source{Path: j.overlay(here.Overlay).File, Line: 1, Column: 1}}
				j.Fault(at, Fault{Reason: there.Overlay, Message: fmt.Sprintf(
					"%d %% of %s stands in %s as well: a base with %s, and a patch in each for the rest, would say it once",
					int(share*100), here.Overlay, there.Overlay, list(here.Value.Workloads[:min(3, len(here.Value.Workloads))]))}, here.Overlay)
				break
			}
		}
	},
})

const (
	// copied is the share of equal fields from which two environments are copies.
	copied = 0.8
	// maxLeaves bounds what is compared of an overlay.
	maxLeaves = 5000
)

// A copyFact is an overlay as its workloads and a hash of each of its fields.
type copyFact struct {
	Workloads []string `json:"workloads"`
	Leaves    []uint32 `json:"leaves"`
}

func (c *copyFact) leaves(o *overlay.Object) {
	var walk func(n *yaml.Node, at string)
	walk = func(n *yaml.Node, at string) {
		n = follow(n)
		switch {
		case n == nil:
		case n.Kind == yaml.ScalarNode:
			sum := fnv.New32a()
			sum.Write([]byte(at + "=" + n.Value)) // it never fails
			c.Leaves = append(c.Leaves, sum.Sum32())
		case n.Kind == yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if key := n.Content[i].Value; key != "namespace" {
					walk(n.Content[i+1], at+"."+key)
				}
			}
		default:
			for _, item := range n.Content {
				walk(item, at+"[]")
			}
		}
	}
	walk(o.Node, o.Origin.Kind+" "+o.Origin.Name)
}

// share is how much of the larger of two overlays both have.
func (c copyFact) share(other copyFact) float64 {
	if !slices.Equal(c.Workloads, other.Workloads) {
		return 0
	}
	has := map[uint32]int{}
	for _, leaf := range other.Leaves {
		has[leaf]++
	}
	equal := 0
	for _, leaf := range c.Leaves {
		if has[leaf] > 0 {
			has[leaf]--
			equal++
		}
	}
	return float64(equal) / float64(max(len(c.Leaves), len(other.Leaves), 1))
}

// shareFiles reports whether two overlays read a file in common.
func shareFiles(j *Joint, a, b string) bool {
	x, y := j.overlay(a), j.overlay(b)
	return x == nil || y == nil || slices.ContainsFunc(x.Reads, func(p string) bool {
		return (strings.HasSuffix(p, ".yaml") || strings.HasSuffix(p, ".yml")) && slices.Contains(y.Reads, p)
	})
}
