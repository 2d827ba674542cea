package rules

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// itemStep is the step to item i of a list, by the first of the keys that it
// has a value for. An index moves when somebody adds an item, so it comes last.
func itemStep(item *yaml.Node, i int, keys ...string) string {
	for _, key := range keys {
		if value := text(item, key); value != "" {
			return overlay.ItemStep(key, value)
		}
	}
	return overlay.IndexStep(i)
}

// substituted reports whether a text is filled in after the build, such as
// Flux' ${CLUSTER}: what it will say is not known.
func substituted(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "$(")
}
