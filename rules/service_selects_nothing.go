package rules

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "service-selects-nothing",
	Title:     "a Service whose selector matches no pod",
	Why:       "It has an address and nobody behind it: every connection is refused.",
	Write:     "the labels of the pod template that it is for",
	Severity:  Error,
	Practices: []int{36},
	Check: func(pass *Pass) {
		pods := pass.Pods()
		found := labelled(pods)
		for service := range pass.Objects("Service") {
			selector := selectorOf(service)
			if len(selector) == 0 || len(found.selected(service, selector)) > 0 {
				continue
			}
			field := overlay.Field{"spec", "selector"}
			if key, right, of := nearly(pods, service, selector); of != nil {
				pass.Report(service, field.Append(key), fmt.Sprintf("Service %s selects %s: %s, and the pods of %s %s have %s",
					service.Ref.Name, key, selector[key], of.Ref.Kind, of.Ref.Name, right))
				continue
			}
			// An operator may make the pods, or another overlay.
			pass.ReportAs(Info, service, field, fmt.Sprintf("Service %s selects %s, which no pod of the overlay has", service.Ref.Name, selector))
		}
	},
})

// selectorOf is what a Service selects by; empty where it selects nothing
// itself, or one pod by the name that its StatefulSet gives it.
func selectorOf(service *overlay.Object) labels.Set {
	selector := labelSet(child(service.Node, "spec", "selector"))
	if text(service.Node, "spec", "type") == "ExternalName" || selector["statefulset.kubernetes.io/pod-name"] != "" {
		return nil
	}
	for _, value := range selector {
		if substituted(value) {
			return nil
		}
	}
	return selector
}

// byLabel are pods by their namespace and each of their labels.
type byLabel map[[3]string][]Pods

func labelled(pods []Pods) byLabel {
	x := byLabel{}
	for _, p := range pods {
		for key, value := range p.Labels {
			at := [3]string{p.Object.Ref.Namespace, key, value}
			x[at] = append(x[at], p)
		}
	}
	return x
}

// selected are the pods of the namespace of an object that have all labels of
// a selector, which has at least one.
func (x byLabel) selected(of *overlay.Object, selector labels.Set) []Pods {
	var out []Pods
	for key, value := range selector {
		for _, p := range x[[3]string{of.Ref.Namespace, key, value}] {
			if selector.AsSelector().Matches(p.Labels) {
				out = append(out, p)
			}
		}
		break // whichever label: the others are asked of each pod
	}
	return out
}

// nearly finds pods that one slip keeps from being selected: all labels match
// but one, whose key or value has a letter or two wrong. It returns the key as
// the selector says it, and what the pods have.
func nearly(pods []Pods, of *overlay.Object, selector labels.Set) (key, right string, made *overlay.Object) {
	for _, p := range pods {
		if p.Object.Ref.Namespace != of.Ref.Namespace {
			continue
		}
		var wrong []string
		for k, v := range selector {
			if p.Labels[k] != v {
				wrong = append(wrong, k)
			}
		}
		if len(wrong) != 1 {
			continue
		}
		key := wrong[0]
		if have, ok := p.Labels[key]; ok && typo(selector[key], have) {
			return key, key + ": " + have, p.Object
		}
		for k, v := range p.Labels {
			if v == selector[key] && typo(key, k) {
				return key, k + ": " + v, p.Object
			}
		}
	}
	return "", "", nil
}
