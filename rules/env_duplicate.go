package rules

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "env-duplicate",
	Title:     "an environment variable that is set twice",
	Why:       "The last one wins, so who changes the first changes nothing.",
	Write:     "the variable once, with the value that holds today: the last one's",
	Severity:  Warning,
	Practices: []int{1},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			last := map[string]int{}
			env := items(c.Node, "env")
			for i, variable := range env {
				last[text(variable, "name")] = i
			}
			for i, variable := range env {
				name := text(variable, "name")
				if name == "" || last[name] <= i || usedBetween(c, name, i) {
					continue
				}
				last[name] = i // said once, however often it is set
				pass.Report(c.Object, c.At("env", overlay.ItemStep("name", name)),
					fmt.Sprintf("%s is set again further down in container %s, and only the last one counts", name, c.Name))
			}
		}
	},
})

// usedBetween reports whether a variable further down is made of the one at
// index from before that is set again: then both count.
func usedBetween(c Container, name string, from int) bool {
	for _, variable := range items(c.Node, "env")[from+1:] {
		if strings.Contains(text(variable, "value"), "$("+name+")") {
			return true
		}
	}
	return false
}
