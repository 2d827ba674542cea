package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "env-value-twice",
	Title:     "an environment variable with value and valueFrom",
	Why:       "The API server refuses the object: a patch that sets the one has to take the other away.",
	Write:     "valueFrom: null beside the value, or value: null beside the valueFrom, in the layer that came last",
	Severity:  Error,
	Practices: []int{1, 48},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			for _, variable := range items(c.Node, "env") {
				name := text(variable, "name")
				if text(variable, "value") == "" || len(keys(child(variable, "valueFrom"))) == 0 {
					continue
				}
				at := c.At("env", overlay.ItemStep("name", name))
				field := at.Append("value")
				// Where a patch brought the one, that is what came last.
				if pass.Source(c.Object, field).By == overlay.ByResource {
					field = at.Append("valueFrom")
				}
				pass.Report(c.Object, field, fmt.Sprintf("%s of container %s has a value and a valueFrom", name, c.Name))
			}
		}
	},
})
