package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "missing-alert",
	Title:     "a workload whose crashes raise no alert",
	Why:       "A CrashLoopBackOff that nobody is told of lasts until a user tells of it.",
	Write:     "an alert on kube_pod_container_status_restarts_total, in a PrometheusRule that names the workload or names none",
	Severity:  Off,
	Practices: []int{46},
	Presence:  true,
	Check: func(pass *Pass) {
		for o := range pass.Objects("PrometheusRule") {
			pass.Fact(watch{Alerts: restartAlerts(o), Rules: true})
		}
		for pod := range pass.Workloads() {
			if pod.Lasts() {
				at := pass.Place(pod.Object, overlay.Field{"metadata", "name"})
				pass.Fact(watch{Workload: &at})
			}
		}
	},
	Join: func(joint *Joint) {
		facts := observed[watch](joint, joint.Head)
		var alerts []string
		rules := false
		for _, f := range facts {
			alerts, rules = append(alerts, f.Value.Alerts...), rules || f.Value.Rules
		}
		if !rules {
			return // alerts are kept elsewhere
		}
		for _, f := range facts {
			if at := f.Value.Workload; at != nil && !watched(alerts, at.Object.Name) {
				joint.Report(*at, fmt.Sprintf("no alert of the repository names the restarts of %s %s, so a crash loop waits until a user tells of it; write an alert on kube_pod_container_status_restarts_total", at.Object.Kind, at.Object.Name), f.Overlay)
			}
		}
	},
})

// A watch is a fact: the alerts on restarts that a PrometheusRule has, or a
// workload that wants one.
type watch struct {
	Rules    bool     `json:"rules,omitempty"`
	Alerts   []string `json:"alerts,omitempty"` // their expressions
	Workload *Place   `json:"workload,omitempty"`
}

// onRestarts are what expressions about crashes name.
var onRestarts = regexp.MustCompile(`kube_pod_container_status_(restarts_total|waiting_reason|terminated_reason)|CrashLoopBackOff`)

// restartAlerts are the expressions of a PrometheusRule's alerts on restarts.
func restartAlerts(o *overlay.Object) []string {
	var out []string
	for _, group := range items(o.Node, "spec", "groups") {
		for _, rule := range items(group, "rules") {
			if expression := text(rule, "expr"); text(rule, "alert") != "" && onRestarts.MatchString(expression) {
				out = append(out, expression)
			}
		}
	}
	return out
}

// naming is the part of an expression that names what it is about.
var naming = regexp.MustCompile(`(pod|container|deployment|workload)\s*=~?\s*"`)

// watched reports whether an alert is about a workload: it names it, or names none.
func watched(alerts []string, workload string) bool {
	for _, expression := range alerts {
		if !naming.MatchString(expression) || strings.Contains(expression, workload) {
			return true
		}
	}
	return false
}
