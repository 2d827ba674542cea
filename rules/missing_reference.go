package rules

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "missing-reference",
	Title:     "a reference to an object that is not there",
	Why:       "The pod does not start until somebody makes the object.",
	Write:     "the name of an object of the overlay",
	Severity:  Error,
	Practices: []int{17, 18},
	Check: func(pass *Pass) {
		made := madeBy(pass)
		for pod := range pass.Workloads() {
			told := map[[2]string]bool{} // one line for a name, however often the pod needs it
			for _, ref := range references(pod) {
				switch at := [2]string{ref.kind, ref.name}; {
				case told[at]:
				case !made[ref.kind][ref.name]:
					told[at] = true
					absent(pass, pod.Object, ref, made[ref.kind])
				case ref.key != "":
					absentKey(pass, pod.Object, ref)
				}
			}
			if pod.Object.Ref.Kind == "StatefulSet" {
				governing(pass, pod.Object, made["Service"])
			}
		}
	},
})

// madeBy are the names of the objects that the build makes, by kind.
func madeBy(pass *Pass) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, kind := range []string{"ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "PriorityClass", "Service"} {
		out[kind] = map[string]bool{}
		for o := range pass.Objects() {
			for _, name := range makes(o, kind) {
				out[kind][name] = true
			}
		}
	}
	return out
}

// absent reports a name that the build does not have. Where it is nearly one
// that the build has, that is a slip. One with nothing near may well be made
// elsewhere, as most Secrets are: nobody can tell from the overlay.
func absent(pass *Pass, o *overlay.Object, r ref, made map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if typo(r.name, name) && !usedElsewhere(pass, r, name) {
			pass.Report(o, r.field, fmt.Sprintf("there is no %s %s in the overlay, so %s %s does not start; did you mean %s?", r.kind, r.name, o.Ref.Kind, o.Ref.Name, name))
			return
		}
	}
	pass.ReportAs(Info, o, r.field, fmt.Sprintf("there is no %s %s in the overlay: %s %s starts only where something else makes it", r.kind, r.name, o.Ref.Kind, o.Ref.Name))
}

// absentKey reports a key that an object of the build does not have. An object
// without any is filled in by somebody else.
func absentKey(pass *Pass, o *overlay.Object, r ref) {
	of := pass.named(r.kind, o.Ref.Namespace, r.name)
	if of == nil {
		return
	}
	have := slices.Concat(keys(child(of.Node, "data")), keys(child(of.Node, "stringData")), keys(child(of.Node, "binaryData")))
	if len(have) == 0 || slices.Contains(have, r.key) {
		return
	}
	near := ""
	for _, key := range have {
		if typo(r.key, key) {
			near = "; did you mean " + key + "?"
		}
	}
	pass.Report(o, r.keyField, fmt.Sprintf("%s %s has no key %s, so %s %s does not start%s", r.kind, of.Origin.Name, r.key, o.Ref.Kind, o.Ref.Name, near))
}

// governing checks the Service that gives the pods of a StatefulSet their names.
func governing(pass *Pass, o *overlay.Object, services map[string]bool) {
	field := overlay.Field{"spec", "serviceName"}
	named := text(o.Node, field...)
	if named == "" || substituted(named) || pass.named("Service", o.Ref.Namespace, named) != nil {
		return
	}
	known := slices.Sorted(maps.Keys(services))
	near := slices.IndexFunc(known, func(name string) bool { return typo(named, name) })
	message := fmt.Sprintf("there is no Service %s in the overlay, so the pods of StatefulSet %s have no names of their own", named, o.Ref.Name)
	if near >= 0 {
		pass.Report(o, field, message+fmt.Sprintf("; did you mean %s?", known[near]))
		return
	}
	pass.ReportAs(Info, o, field, message+"; write one with clusterIP: None")
}

// usedElsewhere reports whether the object whose pod names the wrong name also
// names the right one: then both are meant.
func usedElsewhere(pass *Pass, wrong ref, name string) bool {
	for pod := range pass.Workloads() {
		refs := references(pod)
		has := func(name string) bool {
			return slices.ContainsFunc(refs, func(r ref) bool { return r.kind == wrong.kind && r.name == name })
		}
		if has(name) && has(wrong.name) {
			return true
		}
	}
	return false
}
