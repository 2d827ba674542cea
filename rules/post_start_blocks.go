package rules

import (
	"fmt"

	"mvdan.cc/sh/v3/syntax"
)

var _ = add(Rule{
	ID:    "post-start-blocks",
	Title: "a postStart hook that waits",
	Why: "The container is not running before its postStart has ended: no probe looks at it, the next container does not start, " +
		"and a hook that never ends keeps the pod in ContainerCreating without a word.",
	Write:     "a readinessProbe or startupProbe for what is waited for, and the work in the program or in an init container",
	Severity:  Warning,
	Practices: []int{7, 25},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			start, ok := c.hook("postStart")
			if !ok {
				continue
			}
			if at, how := start.blocks(); how != "" {
				pass.Report(c.Object, start.at(at...), fmt.Sprintf(
					"postStart of container %s waits with %s, and until it ends the container is not running; use a startupProbe for what it waits for", c.Name, how))
			}
		}
	},
})

// blocks says where and with what a hook waits.
func (h hook) blocks() (at []string, how string) {
	if seconds := number(h.node, 0, "sleep", "seconds"); seconds > 0 {
		return []string{"sleep"}, fmt.Sprintf("sleep for %d s", seconds)
	}
	argv := h.command()
	if sleeps(argv) > 0 {
		return []string{"exec", "command"}, "sleep " + argv[1]
	}
	s, ok := scriptOf(argv)
	if !ok {
		for _, argv := range commandCalls(argv) {
			how = waiter(argv)
		}
		return []string{"exec", "command"}, how
	}
	syntax.Walk(s.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			return !n.Background
		case *syntax.WhileClause:
			how = "a loop"
		case *syntax.CallExpr:
			if len(n.Args) > 0 && how == "" {
				if argv := wordsOf(n); sleeps(argv) > 0 {
					how = "sleep " + argv[1]
				} else {
					how = waiter(argv)
				}
			}
		}
		return how == ""
	})
	return []string{"exec", "command"}, how
}
