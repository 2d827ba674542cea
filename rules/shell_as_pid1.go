package rules

import (
	"fmt"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

var _ = add(Rule{
	ID:    "shell-as-pid1",
	Title: "a shell between the container and its program",
	Why: "The shell is told to stop, does not pass it on, and the program is killed in the middle of what it does when the grace period ends. " +
		"A bash runs a single command in its own place; the sh of Debian and of Alpine does not.",
	Write:     "exec before the command, so that the program takes the shell's place",
	Severity:  Warning,
	Practices: []int{24, 45},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			if !c.Workload.Lasts() || c.Init && !c.Sidecar || text(c.Workload.Spec, "shareProcessNamespace") == "true" || child(c.Node, "command") == nil {
				continue
			}
			if program := belowShell(commandOf(c)); program != "" {
				pass.Report(c.Object, c.commandField(), fmt.Sprintf(
					"%s of container %s runs below a shell that does not pass SIGTERM on, so it is killed in the middle of its work when the grace period ends; write exec before %s", program, c.Name, program))
			}
		}
	},
})

// belowShell is the program that a shell runs as its only command and beside
// itself, "" where there is none. A sleep heeds no signal in the shell's place either.
func belowShell(argv []string) string {
	s, ok := scriptOf(argv)
	if !ok || !slices.Contains([]string{"sh", "ash", "dash"}, s.shell) || len(s.file.Stmts) != 1 {
		return ""
	}
	only := s.file.Stmts[0]
	if _, call := only.Cmd.(*syntax.CallExpr); !call || only.Background || only.Negated {
		return ""
	}
	program := simple(only)
	if len(program) == 0 || slices.Contains([]string{"exec", "sleep", "tail", "$", "", "eval", ".", "source", "true", "exit", "echo", "cat"}, program[0]) {
		return ""
	}
	return program[0]
}
