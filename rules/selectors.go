package rules

import (
	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Pods are the pods that an object makes, as far as a selector sees them.
type Pods struct {
	Object *overlay.Object
	Labels labels.Set
}

// Pods are the pods of the build: those of every object with a pod template,
// whatever its kind, since selectors do not ask who made a pod.
func (p *Pass) Pods() []Pods {
	var out []Pods
	for o := range p.Objects() {
		at, ok := templateMetadata(o)
		if !ok {
			continue
		}
		out = append(out, Pods{o, labelSet(child(at, "labels"))})
	}
	return out
}

// templateMetadata is the metadata that the pods of an object get. ok is false
// for an object that makes none.
func templateMetadata(o *overlay.Object) (at *yaml.Node, ok bool) {
	switch {
	case o.Ref.Kind == "Pod":
		return child(o.Node, "metadata"), true
	case child(o.Node, "spec", "template", "spec") != nil:
		return child(o.Node, "spec", "template", "metadata"), true
	case child(o.Node, "spec", "jobTemplate", "spec", "template") != nil:
		return child(o.Node, "spec", "jobTemplate", "spec", "template", "metadata"), true
	}
	return nil, false
}

// labelSet is a mapping of labels; what is no text is left out.
func labelSet(n *yaml.Node) labels.Set {
	set := labels.Set{}
	if n == nil || n.Kind != yaml.MappingNode {
		return set
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i+1].Kind == yaml.ScalarNode {
			set[n.Content[i].Value] = n.Content[i+1].Value
		}
	}
	return set
}

// labelSelector is a selector of matchLabels and matchExpressions. ok is false
// where it is absent or says what the API server refuses; an empty one selects all.
func labelSelector(n *yaml.Node) (selector labels.Selector, ok bool) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, false
	}
	said := &metav1.LabelSelector{MatchLabels: labelSet(child(n, "matchLabels"))}
	for _, expression := range items(n, "matchExpressions") {
		requirement := metav1.LabelSelectorRequirement{
			Key:      text(expression, "key"),
			Operator: metav1.LabelSelectorOperator(text(expression, "operator")),
		}
		for _, value := range items(expression, "values") {
			requirement.Values = append(requirement.Values, value.Value)
		}
		said.MatchExpressions = append(said.MatchExpressions, requirement)
	}
	selector, err := metav1.LabelSelectorAsSelector(said)
	return selector, err == nil
}
