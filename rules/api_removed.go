package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
)

var _ = add(Rule{
	ID:        "api-removed",
	Title:     "an API version that the cluster serves no more",
	Why:       "The cluster refuses the object; what an older cluster took before stays as it is and is never changed again.",
	Write:     "the apiVersion that took its place, with the fields that it has",
	Severity:  Error,
	Practices: []int{48},
	Check: func(pass *Pass) {
		minor, known := pass.Policy.clusterMinor()
		for o := range pass.Objects() {
			life, ends := schema.Lifecycle(o.Ref.APIVersion, o.Ref.Kind)
			if !ends {
				continue
			}
			instead := ""
			if life.Replacement != "" {
				instead = "; write " + life.Replacement
			}
			what, field := o.Ref.APIVersion+" "+o.Ref.Kind, overlay.Field{"apiVersion"}
			switch {
			case life.Removed > 0 && known && minor >= life.Removed:
				pass.Report(o, field, fmt.Sprintf("Kubernetes serves no %s since 1.%d, and the cluster is 1.%d%s", what, life.Removed, minor, instead))
			case life.Removed > 0 && !known && life.Removed <= longGone:
				pass.ReportAs(Warning, o, field, fmt.Sprintf("Kubernetes serves no %s since 1.%d%s", what, life.Removed, instead))
			case life.Removed > 0 && known && minor >= life.Deprecated:
				pass.ReportAs(Info, o, field, fmt.Sprintf("Kubernetes serves no %s from 1.%d on%s", what, life.Removed, instead))
			}
		}
	},
})

// longGone is the last minor version that nobody is still expected to run: the
// extended support of the large providers for Kubernetes 1.26 has ended.
const longGone = 26
