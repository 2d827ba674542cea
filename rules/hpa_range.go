package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "hpa-range",
	Title:     "an autoscaler without room to scale",
	Why:       "Where least and most are the same it scales nothing and only looks as if it did; a least above the most is refused by the API server.",
	Write:     "a least below the most, or replicas in the workload and no autoscaler",
	Severity:  Error,
	Practices: []int{31},
	Check: func(pass *Pass) {
		for o := range pass.Objects("HorizontalPodAutoscaler", "ScaledObject") {
			a := autoscalerOf(o)
			at := overlay.Field{"spec", a.leastKey}
			switch named := o.Ref.Kind + " " + o.Ref.Name; {
			case !a.readable:
			case a.least > a.most:
				pass.Report(o, at, fmt.Sprintf("%s has %s %d above %s %d, which is refused", named, a.leastKey, a.least, a.mostKey, a.most))
			case a.least == a.most:
				pass.ReportAs(Info, o, at, fmt.Sprintf("%s keeps between %d and %d pods and so scales nothing; write a higher %s, or replicas: %d instead of it", named, a.least, a.most, a.mostKey, a.least))
			}
		}
	},
})
