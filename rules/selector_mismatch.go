package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "selector-mismatch",
	Title:     "a workload that does not select its own pods",
	Why:       "The API server refuses it: it would start pods for ever and never count one.",
	Write:     "the labels of the selector in the pod template",
	Severity:  Error,
	Practices: []int{48},
	Check: func(pass *Pass) {
		for o := range pass.Objects("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet") {
			said := child(o.Node, "spec", "selector")
			selector, ok := labelSelector(said)
			at, made := templateMetadata(o)
			if !ok || !made || selector.Empty() {
				continue
			}
			have := labelSet(child(at, "labels"))
			if selector.Matches(have) {
				continue
			}
			field := overlay.Field{"spec", "selector"}
			for _, key := range keys(child(said, "matchLabels")) {
				if have[key] != text(said, "matchLabels", key) {
					field = field.Append("matchLabels", key)
					break
				}
			}
			pass.Report(o, field, fmt.Sprintf("%s %s selects %s, and its pods have %s", o.Ref.Kind, o.Ref.Name, selector, orNone(have.String())))
		}
	},
})

func orNone(text string) string {
	if text == "" {
		return "no labels"
	}
	return text
}
