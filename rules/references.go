package rules

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A ref is a field that names another object of the namespace, and perhaps a
// key of it.
type ref struct {
	kind, name string
	field      overlay.Field
	key        string        // "" where all of the object is meant
	keyField   overlay.Field // that names the key
}

// references are the names that a pod template needs to start.
func references(pod *Workload) []ref {
	var out []ref
	need := func(kind string, at *yaml.Node, key string, field overlay.Field) {
		name := text(at, key)
		if name != "" && !strings.ContainsAny(name, "${}") && text(at, "optional") != "true" {
			r := ref{kind: kind, name: name, field: field.Append(key)}
			if part := text(at, "key"); part != "" && !substituted(part) {
				r.key, r.keyField = part, field.Append("key")
			}
			out = append(out, r)
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
		field := pod.At("volumes", itemStep(volume, i, "name"))
		need("ConfigMap", child(volume, "configMap"), "name", field.Append("configMap"))
		need("Secret", child(volume, "secret"), "secretName", field.Append("secret"))
		need("PersistentVolumeClaim", child(volume, "persistentVolumeClaim"), "claimName", field.Append("persistentVolumeClaim"))
		for j, source := range items(volume, "projected", "sources") {
			field := field.Append("projected", "sources", overlay.IndexStep(j))
			need("ConfigMap", child(source, "configMap"), "name", field.Append("configMap"))
			need("Secret", child(source, "secret"), "name", field.Append("secret"))
		}
	}
	for _, c := range pod.Containers {
		for i, from := range items(c.Node, "envFrom") {
			field := c.At("envFrom", overlay.IndexStep(i))
			need("ConfigMap", child(from, "configMapRef"), "name", field.Append("configMapRef"))
			need("Secret", child(from, "secretRef"), "name", field.Append("secretRef"))
		}
		for i, variable := range items(c.Node, "env") {
			field, from := c.At("env", itemStep(variable, i, "name"), "valueFrom"), child(variable, "valueFrom")
			need("ConfigMap", child(from, "configMapKeyRef"), "name", field.Append("configMapKeyRef"))
			need("Secret", child(from, "secretKeyRef"), "name", field.Append("secretKeyRef"))
		}
	}
	return out
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
