package schema

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// follow is what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// child is the value of a mapping's key, nil where there is none.
func child(mapping *yaml.Node, key string) *yaml.Node {
	if mapping = follow(mapping); mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return follow(mapping.Content[i+1])
		}
	}
	return nil
}

// scalar is the text of a scalar, "" of any other node.
func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// spelt are the words that YAML 1.1, which Kubernetes reads, takes for true or false.
var spelt = []string{"yes", "no", "on", "off", "y", "n"}

func isBool(n *yaml.Node) bool {
	return n.ShortTag() == "!!bool" || n.Style == 0 && slices.Contains(spelt, strings.ToLower(n.Value))
}

func isWhole(n *yaml.Node) bool {
	if n.ShortTag() == "!!float" { // as the engine writes a large number: 2.000001e+09
		number, err := strconv.ParseFloat(n.Value, 64)
		return err == nil && number == math.Trunc(number) && !math.IsInf(number, 0)
	}
	return n.ShortTag() == "!!int"
}

// kindOf names what a node is.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		return "a number"
	case n.ShortTag() == "!!bool":
		return "a truth value"
	}
	return "the text " + shown(n.Value)
}

// shown is a value in a message: the beginning of it.
func shown(value string) string {
	if len(value) > 40 {
		value = strings.ToValidUTF8(value[:40], "") + "…"
	}
	return `"` + strings.ReplaceAll(value, "\n", " ") + `"`
}

// itemSteps are the steps to the items of a list: by name where each has its
// own, else by index.
func itemSteps(list *yaml.Node) []string {
	steps, seen := make([]string, len(list.Content)), map[string]bool{}
	for i, item := range list.Content {
		name := scalar(child(item, "name"))
		if name == "" || seen[name] || strings.ContainsAny(name, "]\n") {
			for i := range steps {
				steps[i] = overlay.IndexStep(i)
			}
			return steps
		}
		seen[name] = true
		steps[i] = overlay.ItemStep("name", name)
	}
	return steps
}
