package rules

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "dangling-target",
	Title:     "an object that is about something that is not there",
	Why:       "An autoscaler scales nothing, a budget protects nothing, a route answers with an error: and none of them says so.",
	Write:     "the name or the labels of what the overlay has",
	Severity:  Error,
	Practices: []int{17, 31, 36},
	Check: func(pass *Pass) {
		for o := range pass.Objects("HorizontalPodAutoscaler", "VerticalPodAutoscaler", "ScaledObject") {
			scaled(pass, o)
		}
		pods := pass.Pods()
		for o := range pass.Objects("PodDisruptionBudget", "NetworkPolicy") {
			covered(pass, pods, o)
		}
		for o := range pass.Objects("Ingress") {
			for _, b := range backends(o) {
				routed(pass, o, b)
			}
		}
		for o := range pass.Objects("HTTPRoute", "GRPCRoute") {
			for _, b := range backendRefs(o) {
				routed(pass, o, b)
			}
		}
	},
})

// scaled checks the workload that an autoscaler is for. Kinds that operators
// bring are left alone: their objects may be made by others.
func scaled(pass *Pass, o *overlay.Object) {
	key := "scaleTargetRef"
	if o.Ref.Kind == "VerticalPodAutoscaler" {
		key = "targetRef"
	}
	target := child(o.Node, "spec", key)
	kind, named := text(target, "kind"), text(target, "name")
	if kind == "" && o.Ref.Kind == "ScaledObject" {
		kind = "Deployment" // KEDA's default
	}
	if !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, kind) {
		return
	}
	dangling(pass, o, overlay.Field{"spec", key, "name"}, kind, named)
}

// A backend is a Service that a route names, and the field that names it.
type backend struct {
	service, namespace string
	field              overlay.Field
}

func routed(pass *Pass, o *overlay.Object, b backend) {
	if b.namespace == "" || b.namespace == o.Ref.Namespace {
		// A Service may belong to the overlay of another team.
		dangling(pass, o, b.field, "Service", b.service)
	}
}

// dangling reports a name that no object of the build has, with the one that is
// nearly it.
func dangling(pass *Pass, o *overlay.Object, field overlay.Field, kind, named string) {
	if named == "" || substituted(named) || pass.named(kind, o.Ref.Namespace, named) != nil {
		return
	}
	near := ""
	for other := range pass.Objects(kind) {
		if other.Ref.Namespace == o.Ref.Namespace && typo(named, other.Ref.Name) {
			near = other.Ref.Name
		}
	}
	if near != "" {
		pass.Report(o, field, fmt.Sprintf("there is no %s %s in the overlay; did you mean %s?", kind, named, near))
		return
	}
	pass.ReportAs(sure(pass, len(pass.index.kinds[kind]) > 0), o, field,
		fmt.Sprintf("there is no %s %s in the overlay, which %s %s is about; write the name of one that is there", kind, named, o.Ref.Kind, o.Ref.Name))
}

// sure is how sure it is that what an object is about is nowhere: less where
// the build has objects of operators, which make others, and not at all where it
// has none of what is meant and so is not the overlay that would.
func sure(pass *Pass, has bool) Severity {
	switch {
	case !has:
		return Info
	case slices.ContainsFunc(pass.Build.Objects, func(o *overlay.Object) bool { return ofOperator(group(o.Ref.APIVersion)) }):
		return Warning
	}
	return pass.Rule.Severity
}

// ofOperator reports whether objects of an API group are read by a program that
// may make others of them.
func ofOperator(group string) bool {
	return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") && !slices.Contains([]string{"keda.sh", "route.openshift.io"}, group)
}

// covered checks that a selector of pods selects some.
func covered(pass *Pass, pods []Pods, o *overlay.Object) {
	key := "selector"
	if o.Ref.Kind == "NetworkPolicy" {
		key = "podSelector"
	}
	said := child(o.Node, "spec", key)
	selector, ok := labelSelector(said)
	if !ok || selector.Empty() {
		return
	}
	has := false
	for _, p := range pods {
		if p.Object.Ref.Namespace != o.Ref.Namespace {
			continue
		}
		if has = true; selector.Matches(p.Labels) {
			return
		}
	}
	field := overlay.Field{"spec", key}
	if key, right, of := nearly(pods, o, labelSet(child(said, "matchLabels"))); of != nil {
		pass.Report(o, field.Append("matchLabels", key), fmt.Sprintf("%s %s selects %s: %s, and the pods of %s %s have %s",
			o.Ref.Kind, o.Ref.Name, key, text(said, "matchLabels", key), of.Ref.Kind, of.Ref.Name, right))
		return
	}
	pass.ReportAs(sure(pass, has), o, field, fmt.Sprintf("%s %s selects %s, which no pod of the overlay has; write the labels of a pod template", o.Ref.Kind, o.Ref.Name, selector))
}

// backends are the Services that an Ingress names.
func backends(o *overlay.Object) []backend {
	var out []backend
	one := func(at *yaml.Node, field overlay.Field) {
		if name := text(at, "service", "name"); name != "" {
			out = append(out, backend{service: name, field: field.Append("service", "name")})
		} else if name := text(at, "serviceName"); name != "" { // before networking.k8s.io/v1
			out = append(out, backend{service: name, field: field.Append("serviceName")})
		}
	}
	one(child(o.Node, "spec", "defaultBackend"), overlay.Field{"spec", "defaultBackend"})
	for i, rule := range items(o.Node, "spec", "rules") {
		for j, path := range items(rule, "http", "paths") {
			one(child(path, "backend"), overlay.Field{"spec", "rules", itemStep(rule, i, "host"), "http", "paths", itemStep(path, j, "path"), "backend"})
		}
	}
	return out
}

// backendRefs are the Services that a route of the Gateway API names.
func backendRefs(o *overlay.Object) []backend {
	var out []backend
	for i, rule := range items(o.Node, "spec", "rules") {
		for j, ref := range items(rule, "backendRefs") {
			if kind := text(ref, "kind"); kind == "" || kind == "Service" {
				out = append(out, backend{text(ref, "name"), text(ref, "namespace"),
					overlay.Field{"spec", "rules", itemStep(rule, i, "name"), "backendRefs", itemStep(ref, j, "name"), "name"}})
			}
		}
	}
	return out
}
