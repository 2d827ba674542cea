package rules

import (
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// templates is where each kind keeps the spec of its pods.
var templates = map[string]overlay.Field{
	"Pod":         {"spec"},
	"Deployment":  {"spec", "template", "spec"},
	"StatefulSet": {"spec", "template", "spec"},
	"DaemonSet":   {"spec", "template", "spec"},
	"ReplicaSet":  {"spec", "template", "spec"},
	"Job":         {"spec", "template", "spec"},
	"CronJob":     {"spec", "jobTemplate", "spec", "template", "spec"},
}

// A Container is a container of a pod or of a pod template.
type Container struct {
	Object *overlay.Object
	// Field is the container's, such as spec.template.spec.containers[name=web].
	Field overlay.Field
	Node  *yaml.Node
	Name  string
	// Init is set for an init container, Sidecar for one that goes on running.
	Init, Sidecar bool
}

// Objects yields the objects of the build that are of one of the kinds; all
// without kinds.
func (p *Pass) Objects(kinds ...string) iter.Seq[*overlay.Object] {
	return func(yield func(*overlay.Object) bool) {
		for _, o := range p.Build.Objects {
			if (len(kinds) == 0 || slices.Contains(kinds, o.Ref.Kind)) && !yield(o) {
				return
			}
		}
	}
}

// Containers yields the containers and init containers of the build's pods
// and pod templates.
func (p *Pass) Containers() iter.Seq[Container] {
	return func(yield func(Container) bool) {
		for _, o := range p.Build.Objects {
			for _, c := range containers(o) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// containers are the containers and init containers of an object.
func containers(o *overlay.Object) []Container {
	pod, ok := templates[o.Ref.Kind]
	if !ok {
		return nil
	}
	var out []Container
	for _, list := range []string{"initContainers", "containers"} {
		node := o.Lookup(pod.Append(list))
		if node == nil || node.Kind != yaml.SequenceNode {
			continue
		}
		for i, item := range node.Content {
			c := Container{Object: o, Node: item, Name: text(item, "name"), Init: list == "initContainers"}
			c.Sidecar = c.Init && text(item, "restartPolicy") == "Always"
			step := overlay.IndexStep(i)
			if c.Name != "" {
				step = overlay.ItemStep("name", c.Name)
			}
			c.Field = pod.Append(list, step)
			out = append(out, c)
		}
	}
	return out
}

// At is a field of the container, such as At("image").
func (c Container) At(steps ...string) overlay.Field { return c.Field.Append(steps...) }

// Value is the scalar at a key of the container, "" where there is none.
func (c Container) Value(key string) string { return text(c.Node, key) }

// endless reports whether a kind's pods run until somebody stops them.
func endless(kind string) bool {
	return slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, kind)
}

// child is the value at a key of a mapping, nil where there is none.
func child(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = n.Content[i+1]
			}
		}
		n = found
	}
	return n
}

// text is the scalar below keys, "" where there is none.
func text(n *yaml.Node, keys ...string) string {
	if n = child(n, keys...); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// items are the items of the list below keys.
func items(n *yaml.Node, keys ...string) []*yaml.Node {
	if n = child(n, keys...); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}
