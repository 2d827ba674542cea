package rules

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "quota-below-surge",
	Title:     "a quota that a rollout does not fit into",
	Why:       "A rollout needs its surge beside what runs. Where the quota ends before, it stops half way, and nothing says why but an event.",
	Write:     "a quota of the sum and some more, a smaller maxSurge, or smaller requests",
	Severity:  Warning,
	Practices: []int{11, 20, 27},
	Check: func(pass *Pass) {
		running := map[string][]*Workload{} // by namespace
		for w := range pass.Workloads(replicated...) {
			running[w.Object.Ref.Namespace] = append(running[w.Object.Ref.Namespace], w)
		}
		for quota := range pass.Objects("ResourceQuota") {
			spec := child(quota.Node, "spec")
			if child(spec, "scopes") != nil || child(spec, "scopeSelector") != nil {
				continue // it counts some of the pods only
			}
			for _, name := range keys(child(spec, "hard")) {
				counted, ok := counts(name)
				hard, readable := quantity(spec, "hard", name)
				if !ok || !readable {
					continue
				}
				if need := pass.needs(running[quota.Ref.Namespace], counted); need.during.Cmp(hard) > 0 {
					pass.Report(quota, overlay.Field{"spec", "hard", name}, fmt.Sprintf(
						"ResourceQuota %s allows %s %s; the workloads of the overlay need %s as they run and %s during a rollout",
						quota.Ref.Name, hard.String(), name, need.always.String(), need.during.String()))
				}
			}
		}
	},
})

// A counted resource of a quota: requests or limits of a resource, or pods.
type counted struct{ key, name string }

// counts reads the name of a quota's resource, such as limits.cpu.
func counts(name string) (counted, bool) {
	switch name {
	case "cpu", "memory":
		return counted{"requests", name}, true
	case "requests.cpu", "requests.memory", "limits.cpu", "limits.memory":
		key, of, _ := strings.Cut(name, ".")
		return counted{key, of}, true
	case "pods", "count/pods":
		return counted{"pods", ""}, true
	}
	return counted{}, false
}

// A need is the sum of a resource over workloads: as they run at their
// quietest, and with every surge beside them.
type need struct{ always, during resource.Quantity }

func (p *Pass) needs(workloads []*Workload, of counted) need {
	var sum need
	for _, w := range workloads {
		count, one := p.leastReplicas(w.Object), of.perPod(w)
		addTimes(&sum.always, one, count)
		addTimes(&sum.during, one, count+surge(w.Object, count))
	}
	return sum
}

func addTimes(sum *resource.Quantity, one resource.Quantity, times int) {
	one = one.DeepCopy()
	one.Mul(int64(times))
	sum.Add(one)
}

// perPod is what one pod takes of the resource; what it does not say counts nothing.
func (of counted) perPod(pod *Workload) resource.Quantity {
	if of.key == "pods" {
		return *resource.NewQuantity(1, resource.DecimalSI)
	}
	if amount, ok := quantity(pod.Spec, "resources", of.key, of.name); ok {
		return amount
	}
	var sum, first resource.Quantity
	for _, c := range pod.Containers {
		amount, ok := quantity(c.Node, "resources", of.key, of.name)
		if !ok && of.key == "requests" {
			amount, ok = quantity(c.Node, "resources", "limits", of.name)
		}
		switch {
		case !ok:
		case c.Init && !c.Sidecar:
			if amount.Cmp(first) > 0 {
				first = amount // they run one after another, before the others
			}
		default:
			sum.Add(amount)
		}
	}
	if first.Cmp(sum) > 0 {
		return first
	}
	return sum
}

// surge is how many pods of a workload a rollout starts beside those that run.
func surge(o *overlay.Object, count int) int {
	rolling := "rollingUpdate"
	switch strategy := child(o.Node, "spec", "strategy"); {
	case o.Ref.Kind == "Rollout" && child(strategy, "blueGreen") != nil:
		return count // the new pods run beside all the old ones
	case o.Ref.Kind == "Rollout":
		rolling = "canary"
	case o.Ref.Kind != "Deployment" || text(strategy, "type") == "Recreate":
		return 0
	}
	extra, ok := share(o.Node, count, "spec", "strategy", rolling, "maxSurge")
	if !ok {
		return (count + 3) / 4 // a quarter, the API's default
	}
	return extra
}
