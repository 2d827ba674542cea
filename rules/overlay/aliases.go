package overlay

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

var errAliasCycle = errors.New("an alias that holds itself")

// checkAliases refuses aliases that contain themselves, which overflow the
// engine's stack and end the process, and documents that expand to more than
// limit nodes.
func checkAliases(root *yaml.Node, limit int) error {
	_, err := expanded(root, limit, map[*yaml.Node]int{})
	return err
}

// anchored reports whether an anchor stands at or below n.
func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || slices.ContainsFunc(n.Content, anchored)
}

// expanded counts the nodes of n with each alias counted as what it stands
// for. sizes holds the count of each anchor, -1 while it is being counted.
func expanded(n *yaml.Node, limit int, sizes map[*yaml.Node]int) (int, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Anchor != "" {
		switch size := sizes[n]; {
		case size < 0:
			return 0, fmt.Errorf("line %d: %w: &%s", n.Line, errAliasCycle, n.Anchor)
		case size > 0:
			return size, nil
		}
		sizes[n] = -1
	}
	size := 1
	for _, c := range n.Content {
		below, err := expanded(c, limit, sizes)
		if err != nil {
			return 0, err
		}
		if size += below; size > limit {
			return 0, fmt.Errorf("line %d: aliases expand to more than %d nodes", n.Line, limit)
		}
	}
	if n.Anchor != "" {
		sizes[n] = size
	}
	return size, nil
}
