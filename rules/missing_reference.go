package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

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
		for pod := range pass.Workloads() {
			for _, ref := range references(pod) {
				checkReference(pass, pod.Object, ref)
			}
		}
	},
})

// A ref is a field that names another object of the namespace.
type ref struct {
	kind, name string
	field      overlay.Field
}

// checkReference reports a name that the build does not have and that is nearly
// one that it has. A name with nothing near is made elsewhere, as most
// Secrets are: nobody can tell from the overlay.
func checkReference(pass *Pass, o *overlay.Object, r ref) {
	var near []string
	for other := range pass.Objects() {
		for _, name := range makes(other, r.kind) {
			if name == r.name {
				return
			}
			if typo(r.name, name) {
				near = append(near, name)
			}
		}
	}
	for _, name := range near {
		if !usedElsewhere(pass, r, name) {
			pass.Report(o, r.field, fmt.Sprintf("there is no %s %s in the overlay; did you mean %s?", r.kind, r.name, name))
			return
		}
	}
}

// makes are the names of the objects of a kind that come of an object: it
// itself, or what an operator makes of it.
func makes(o *overlay.Object, kind string) []string {
	switch {
	case o.Ref.Kind == kind:
		// A generated one has a hash at the end of its built name.
		return []string{o.Ref.Name, o.Origin.Name}
	case kind != "Secret":
		return nil
	}
	switch o.Ref.Kind {
	case "ExternalSecret":
		return []string{orName(text(o.Node, "spec", "target", "name"), o)}
	case "SealedSecret":
		return []string{orName(text(o.Node, "spec", "template", "metadata", "name"), o)}
	case "Certificate":
		return []string{text(o.Node, "spec", "secretName")}
	case "Service":
		return []string{text(o.Node, "metadata", "annotations", "service.beta.openshift.io/serving-cert-secret-name")}
	}
	return nil
}

func orName(name string, o *overlay.Object) string {
	if name == "" {
		return o.Ref.Name
	}
	return name
}

// typo reports whether one name is the other with one or two letters wrong.
// Names that differ in digits or in the word of an environment are two names.
func typo(wrong, right string) bool {
	if right == "" || len(right) < 4 || letters(wrong) == letters(right) {
		return false
	}
	distance := levenshtein.ComputeDistance(wrong, right)
	if distance > 2 || distance*3 > len(right) {
		return false
	}
	a, b := strings.Split(wrong, "-"), strings.Split(right, "-")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && (environmentWords[a[i]] || environmentWords[b[i]]) {
			return false
		}
	}
	return true
}

var environmentWords = map[string]bool{"dev": true, "prod": true, "test": true, "stage": true, "staging": true, "qa": true, "uat": true, "live": true}

// letters is a name without its digits.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
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

// references are the names that a pod template needs to start.
func references(pod *Workload) []ref {
	var out []ref
	need := func(kind string, at *yaml.Node, key string, field overlay.Field) {
		name := text(at, key)
		if name != "" && !strings.ContainsAny(name, "${}") && text(at, "optional") != "true" {
			out = append(out, ref{kind, name, field.Append(key)})
		}
	}
	spec := pod.Spec
	if text(spec, "serviceAccountName") != "default" {
		need("ServiceAccount", spec, "serviceAccountName", pod.Field)
	}
	if !strings.HasPrefix(text(spec, "priorityClassName"), "system-") {
		need("PriorityClass", spec, "priorityClassName", pod.Field)
	}
	for i, volume := range items(spec, "volumes") {
		step := overlay.IndexStep(i)
		if name := text(volume, "name"); name != "" {
			step = overlay.ItemStep("name", name)
		}
		field := pod.At("volumes", step)
		need("ConfigMap", child(volume, "configMap"), "name", field.Append("configMap"))
		need("Secret", child(volume, "secret"), "secretName", field.Append("secret"))
		need("PersistentVolumeClaim", child(volume, "persistentVolumeClaim"), "claimName", field.Append("persistentVolumeClaim"))
	}
	for _, c := range pod.Containers {
		for i, from := range items(c.Node, "envFrom") {
			field := c.At("envFrom", overlay.IndexStep(i))
			need("ConfigMap", child(from, "configMapRef"), "name", field.Append("configMapRef"))
			need("Secret", child(from, "secretRef"), "name", field.Append("secretRef"))
		}
		for _, env := range items(c.Node, "env") {
			field, from := c.At("env", overlay.ItemStep("name", text(env, "name")), "valueFrom"), child(env, "valueFrom")
			need("ConfigMap", child(from, "configMapKeyRef"), "name", field.Append("configMapKeyRef"))
			need("Secret", child(from, "secretKeyRef"), "name", field.Append("secretKeyRef"))
		}
	}
	return out
}
