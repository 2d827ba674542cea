package rules

import (
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Workload is a pod, or the template that some object makes pods of.
type Workload struct {
	Object *overlay.Object
	Kind   *Kind
	// Field is that of the pod's spec and Spec its node; empty and nil where
	// the kind has containers only.
	Field overlay.Field
	Spec  *yaml.Node
	// Labels and Annotations are the pods' own, nil where there are none.
	Labels, Annotations *yaml.Node
	Containers          []Container
}

// A Container is a container of a pod or of a pod template.
type Container struct {
	Object   *overlay.Object
	Workload *Workload
	// Field is the container's, such as spec.template.spec.containers[name=web].
	Field overlay.Field
	Node  *yaml.Node
	// Name is the container's, or its place such as containers[0] without one.
	Name string
	// Init is set for an init container, Sidecar for one that goes on running.
	Init, Sidecar bool
}

// Objects yields the objects of the build that are of one of the kinds,
// whatever their group; all without kinds.
func (p *Pass) Objects(kinds ...string) iter.Seq[*overlay.Object] {
	return func(yield func(*overlay.Object) bool) {
		if len(kinds) == 0 {
			for _, o := range p.Build.Objects {
				if !yield(o) {
					return
				}
			}
		}
		for _, kind := range kinds {
			for _, o := range p.index.kinds[kind] {
				if !yield(o) {
					return
				}
			}
		}
	}
}

// Workloads yields the pods and pod templates of the build, of objects of one of the
// kinds; all without kinds.
func (p *Pass) Workloads(kinds ...string) iter.Seq[*Workload] {
	return func(yield func(*Workload) bool) {
		for _, w := range p.index.workloads {
			if (len(kinds) == 0 || slices.Contains(kinds, w.Object.Ref.Kind)) && !yield(w) {
				return
			}
		}
	}
}

// WorkloadOf is the pod or pod template of an object, nil where it has none.
func (p *Pass) WorkloadOf(o *overlay.Object) *Workload { return p.index.workloadOf[o] }

// Containers yields the containers and init containers of the build's pods
// and pod templates.
func (p *Pass) Containers() iter.Seq[Container] {
	return func(yield func(Container) bool) {
		for _, w := range p.index.workloads {
			for _, c := range w.Containers {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Images yields whatever of the build's pods and pod templates has an image:
// their containers, the ephemeral ones, of which all else counts for little, and
// those of custom resources whose kind is not known.
func (p *Pass) Images() iter.Seq[Container] {
	return func(yield func(Container) bool) {
		for _, w := range p.index.workloads {
			debugging := Workload{Object: w.Object, Kind: w.Kind}
			if node := child(w.Spec, "ephemeralContainers"); node != nil && node.Kind == yaml.SequenceNode {
				debugging.addList(w.At("ephemeralContainers"), node, false)
			}
			for _, c := range slices.Concat(w.Containers, debugging.Containers) {
				if !yield(c) {
					return
				}
			}
		}
		for _, c := range p.index.customContainers() {
			if !yield(c) {
				return
			}
		}
	}
}

// customContainers are the containers of objects whose kind is not known: the
// lists where an entry of images sets them in objects of any kind.
func (x *index) customContainers() []Container {
	if x.custom != nil {
		return *x.custom
	}
	x.custom = new([]Container)
	for _, o := range x.objects {
		if x.workloadOf[o] == nil && o.Ref.Kind != "CustomResourceDefinition" {
			x.addContainersBelow(&Workload{Object: o, Kind: &Kind{}}, nil, o.Node)
		}
	}
	return *x.custom
}

func (x *index) addContainersBelow(of *Workload, at overlay.Field, node *yaml.Node) {
	switch node = follow(node); node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, follow(node.Content[i+1])
			if (key == "containers" || key == "initContainers") && value.Kind == yaml.SequenceNode {
				found := &Workload{Object: of.Object, Kind: of.Kind}
				found.addList(at.Append(key), value, key == "initContainers")
				*x.custom = append(*x.custom, found.Containers...)
				continue
			}
			x.addContainersBelow(of, at.Append(key), value)
		}
	case yaml.SequenceNode:
		steps := containerSteps(node)
		for i, item := range node.Content {
			x.addContainersBelow(of, at.Append(steps[i]), item)
		}
	}
}

// workloadOf reads the pod of an object.
func workloadOf(o *overlay.Object, kind *Kind) *Workload {
	w := &Workload{Object: o, Kind: kind, Field: kind.Pod}
	lists := kind.Containers
	if len(kind.Pod) > 0 {
		w.Spec = o.Lookup(kind.Pod)
		metadata := o.Lookup(kind.Pod.Parent().Append("metadata"))
		w.Labels, w.Annotations = child(metadata, "labels"), child(metadata, "annotations")
		lists = slices.Concat([]overlay.Field{kind.Pod.Append("initContainers"), kind.Pod.Append("containers")}, lists)
	}
	for _, at := range lists {
		init := at.Last() == "initContainers"
		switch node := o.Lookup(at); {
		case node == nil:
		case node.Kind == yaml.MappingNode:
			w.add(at, node, init)
		case node.Kind == yaml.SequenceNode:
			w.addList(at, node, init)
		}
	}
	return w
}

func (w *Workload) addList(at overlay.Field, list *yaml.Node, init bool) {
	steps := containerSteps(list)
	for i, item := range list.Content {
		w.add(at.Append(steps[i]), item, init)
	}
}

func (w *Workload) add(at overlay.Field, node *yaml.Node, init bool) {
	if node.Kind != yaml.MappingNode {
		return // what is no container has no fields
	}
	c := Container{Object: w.Object, Workload: w, Field: at, Node: node, Name: text(node, "name"), Init: init}
	if c.Name == "" {
		c.Name = overlay.Field(at[max(0, len(at)-2):]).String()
	}
	c.Sidecar = c.Init && text(node, "restartPolicy") == "Always"
	w.Containers = append(w.Containers, c)
}

// containerSteps are the steps to the containers of a list: by name where
// that is unique, else by index.
func containerSteps(list *yaml.Node) []string {
	seen := map[string]int{}
	for _, item := range list.Content {
		seen[text(item, "name")]++
	}
	steps := make([]string, len(list.Content))
	for i, item := range list.Content {
		steps[i] = overlay.IndexStep(i)
		if name := text(item, "name"); name != "" && seen[name] == 1 {
			steps[i] = overlay.ItemStep("name", name)
		}
	}
	return steps
}

// Lasts reports whether the pods run until somebody stops them.
func (w *Workload) Lasts() bool {
	return w.Spec != nil && !w.Kind.Ends && !(w.Kind.bare && endsByItself(w.Object))
}

// At is a field of the pod's spec, such as At("volumes").
func (w *Workload) At(steps ...string) overlay.Field { return w.Field.Append(steps...) }

// At is a field of the container, such as At("image").
func (c Container) At(steps ...string) overlay.Field { return c.Field.Append(steps...) }

// Value is the scalar at a key of the container, "" where there is none.
func (c Container) Value(key string) string { return text(c.Node, key) }

// child is the value at a key of a mapping, nil where there is none.
func child(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n = follow(n); n == nil || n.Kind != yaml.MappingNode {
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
	return follow(n)
}

// follow is what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
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
