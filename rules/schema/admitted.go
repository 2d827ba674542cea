package schema

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kustodian/kustodian/rules/overlay"
)

// What the API server refuses of objects whose types are right, as far as it is
// often written: names, and how pods restart and what they run.

// admitted looks at an object of a kind that the cluster itself has.
func (w *walk) admitted(object *yaml.Node, version, kind string) {
	group := groupOf(version)
	// Roles may be named by paths, such as system:node.
	if name := child(child(object, "metadata"), "name"); group != "rbac.authorization.k8s.io" && literal(name) {
		if said := validation.IsDNS1123Subdomain(name.Value); len(said) > 0 {
			w.fault(ReasonValue, overlay.Field{"metadata", "name"}, name, "", fmt.Sprintf("%s is no name that the API server takes; write lower-case letters, digits, - and . only", shown(name.Value)))
		}
	}
	at := podOf(group, kind)
	pod := lookup(object, at)
	if pod == nil || pod.Kind != yaml.MappingNode {
		return
	}
	if !slices.ContainsFunc(w.faults, func(f Fault) bool { return slices.Contains(append(f.names, f.Field.Last()), "restartPolicy") }) {
		w.restarts(pod, at, kind) // else it is there, in the wrong place
	}
	filled := child(child(child(object, "metadata"), "annotations"), "image.openshift.io/triggers") != nil
	for _, key := range []string{"containers", "initContainers"} {
		list := child(pod, key)
		if list == nil || list.Kind != yaml.SequenceNode {
			continue
		}
		steps := itemSteps(list)
		for i, item := range list.Content {
			if item = follow(item); item.Kind == yaml.MappingNode {
				w.container(item, at.Append(key, steps[i]), list, filled)
			}
		}
	}
}

// podOf is where the pods of a kind are described, nil of kinds that have none.
func podOf(group, kind string) overlay.Field {
	switch kind {
	case "Pod":
		return overlay.Field{"spec"}
	case "CronJob":
		return overlay.Field{"spec", "jobTemplate", "spec", "template", "spec"}
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
		return overlay.Field{"spec", "template", "spec"}
	}
	return nil
}

// restarts looks at when the containers of a pod are started again: a
// controller keeps its pods alive, and a Job wants to see them end.
func (w *walk) restarts(pod *yaml.Node, at overlay.Field, kind string) {
	policy := child(pod, "restartPolicy")
	switch said := scalar(policy); {
	case kind == "Pod" || strings.Contains(said, "${"):
	case kind == "Job" || kind == "CronJob":
		switch {
		case said == "":
			w.fault(ReasonRequired, at.Append("restartPolicy"), pod, "", fmt.Sprintf("the pods of a %s need a restartPolicy; write Never or OnFailure, since the default Always is refused", kind))
		case said == "Always":
			w.fault(ReasonValue, at.Append("restartPolicy"), policy, "", fmt.Sprintf("the pods of a %s cannot have restartPolicy Always; write Never or OnFailure", kind))
		}
	case said == "Never" || said == "OnFailure":
		w.fault(ReasonValue, at.Append("restartPolicy"), policy, "Always", fmt.Sprintf("the pods of a %s cannot have restartPolicy %s; write Always, or make it a Job", kind, said))
	}
}

// container looks at one container. filled is set where the cluster fills the
// images in.
func (w *walk) container(c *yaml.Node, at overlay.Field, list *yaml.Node, filled bool) {
	name := child(c, "name")
	if literal(name) && len(validation.IsDNS1123Label(name.Value)) > 0 {
		w.fault(ReasonValue, at.Append("name"), name, "", fmt.Sprintf("%s is no name of a container that the API server takes; write lower-case letters, digits and - only", shown(name.Value)))
	}
	if image := child(c, "image"); (image == nil || isNull(image)) && !filled {
		message := fmt.Sprintf("%s has no image", called(name))
		var others []string
		for _, other := range list.Content {
			if called := scalar(child(other, "name")); called != scalar(name) && child(other, "image") != nil {
				others = append(others, called)
			}
		}
		if near, _ := nearest(scalar(name), others); near != "" {
			message += fmt.Sprintf("; did a patch mean container %s? It adds one where no name is the same", near)
		} else {
			message += ", which the API server refuses; a patch of a container that is not there adds one"
		}
		w.fault(ReasonRequired, at.Append("image"), c, "", message)
	}
	for _, key := range []string{"requests", "limits"} {
		amounts := child(child(c, "resources"), key)
		for i := 0; amounts != nil && amounts.Kind == yaml.MappingNode && i+1 < len(amounts.Content); i += 2 {
			if amount := follow(amounts.Content[i+1]); strings.HasPrefix(scalar(amount), "-") {
				w.fault(ReasonValue, at.Append("resources", key, amounts.Content[i].Value), amount, "", fmt.Sprintf("%s is %s, and nothing below 0 is taken", amounts.Content[i].Value, shown(amount.Value)))
			}
		}
	}
}

// called names a container in a sentence.
func called(name *yaml.Node) string {
	if scalar(name) == "" {
		return "a container without a name"
	}
	return "container " + name.Value
}

// literal reports whether a node is a text that is not filled in later.
func literal(n *yaml.Node) bool { return scalar(n) != "" && !strings.ContainsAny(n.Value, "${}") }

// lookup is the node at the keys of mappings, nil where there is none.
func lookup(n *yaml.Node, at overlay.Field) *yaml.Node {
	if len(at) == 0 {
		return nil
	}
	for _, key := range at {
		n = child(n, key)
	}
	return n
}
