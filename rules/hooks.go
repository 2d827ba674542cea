package rules

import (
	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A hook is what a container does right after it starts or before it stops.
type hook struct {
	container Container
	key       string // postStart or preStop
	node      *yaml.Node
}

// hook is the container's hook at a key; ok is false where there is none.
func (c Container) hook(key string) (h hook, ok bool) {
	node := child(c.Node, "lifecycle", key)
	return hook{c, key, node}, node != nil && node.Kind == yaml.MappingNode && len(node.Content) > 0
}

func (h hook) at(steps ...string) overlay.Field {
	return h.container.At(append([]string{"lifecycle", h.key}, steps...)...)
}

// command is what the hook executes, nil where it does something else.
func (h hook) command() []string { return literals(items(h.node, "exec", "command")) }

// sleeps is for how many seconds the hook sleeps for certain.
func (h hook) sleeps() int {
	if seconds := number(h.node, 0, "sleep", "seconds"); seconds > 0 {
		return seconds
	}
	argv := h.command()
	if s, ok := scriptOf(argv); ok {
		total := 0
		for _, argv := range callsOf(s.file.Stmts, false) {
			total += sleeps(argv)
		}
		return total
	}
	return sleeps(argv)
}
