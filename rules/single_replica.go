package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:         "single-replica",
	Title:      "one pod for what is served in production",
	Why:        "When its node is drained or fails, nobody answers until another pod has started.",
	Write:      "two replicas or more, or an autoscaler whose least is two",
	Severity:   Warning,
	Production: true,
	Practices:  []int{27, 34},
	Check: func(pass *Pass) {
		for w := range pass.Workloads("Deployment", "Rollout") {
			o := w.Object
			if pass.leastReplicas(o) != 1 || !pass.serves(w) || pass.mayBeSingle(w) || elects(w) || runsDatabase(w) || text(o.Node, "spec", "strategy", "type") == "Recreate" {
				continue
			}
			if scaling := pass.autoscalers(o); len(scaling) > 0 {
				a := scaling[0]
				pass.Report(a.object, overlay.Field{"spec", a.leastKey}, fmt.Sprintf(
					"%s %s lets %s %s fall to one pod in overlay %s, which is served; write %s: 2", a.object.Ref.Kind, a.object.Ref.Name, o.Ref.Kind, o.Ref.Name, pass.Build.Overlay, a.leastKey))
				continue
			}
			pass.Report(o, overlay.Field{"spec", "replicas"}, fmt.Sprintf("%s %s is served by one pod in overlay %s; write replicas: 2, or why one is enough", o.Ref.Kind, o.Ref.Name, pass.Build.Overlay))
		}
	},
})

// elects reports whether the pods choose a leader: then one works at a time,
// however many there are.
func elects(w *Workload) bool {
	return slices.ContainsFunc(w.Containers, func(c Container) bool {
		return slices.ContainsFunc(commandOf(c), func(word string) bool {
			word = strings.ToLower(word)
			return strings.Contains(word, "leader-elect") && !strings.HasSuffix(word, "=false")
		})
	})
}
