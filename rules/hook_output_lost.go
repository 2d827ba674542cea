package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var _ = add(Rule{
	ID:        "hook-output-lost",
	Title:     "a hook whose words are lost, or that deletes for others",
	Why:       "What a hook prints goes nowhere, not even where it fails; what it deletes in a volume is gone for the other containers too.",
	Write:     "output to /proc/1/fd/1, which is the container's log; deletes in the container's own folders only",
	Severity:  Info,
	Practices: []int{23, 25},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			for _, key := range []string{"postStart", "preStop"} {
				h, ok := c.hook(key)
				if !ok {
					continue
				}
				if printed := h.prints(); printed != "" {
					pass.Report(c.Object, h.at("exec", "command"), fmt.Sprintf(
						"what %s of container %s prints with %s is not in any log; write >/proc/1/fd/1 behind it", key, c.Name, printed))
				}
				if volume, others := h.deletesShared(); volume != "" {
					pass.Fault(Fault{Object: c.Object, Field: h.at("exec", "command"), Reason: "deletes", Message: fmt.Sprintf(
						"%s of container %s deletes in volume %s, which %s also uses; delete what is its own only", key, c.Name, volume, list(others))})
				}
			}
		}
	},
})

var printers = []string{"echo", "printf"}

// prints is the command with which a hook prints to its standard output, "" without one.
func (h hook) prints() string {
	argv := h.command()
	s, ok := scriptOf(argv)
	if ok {
		return printsIn(s.file.Stmts)
	}
	if len(argv) > 0 && slices.Contains(printers, path.Base(argv[0])) {
		return path.Base(argv[0])
	}
	return ""
}

// printsIn looks for a printing command whose output nobody takes: no file, no
// pipe, no variable.
func printsIn(list []*syntax.Stmt) string {
	for _, s := range list {
		if redirected(s) {
			return "" // exec >file, or a block into a file: whatever follows is taken, or may be
		}
		printed := ""
		switch command := s.Cmd.(type) {
		case *syntax.CallExpr:
			if argv := simple(s); len(argv) > 0 && slices.Contains(printers, argv[0]) {
				printed = argv[0]
			}
		case *syntax.BinaryCmd:
			if command.Op == syntax.Pipe || command.Op == syntax.PipeAll {
				printed = printsIn([]*syntax.Stmt{command.Y})
			} else {
				printed = printsIn([]*syntax.Stmt{command.X, command.Y})
			}
		case *syntax.Block:
			printed = printsIn(command.Stmts)
		case *syntax.Subshell:
			printed = printsIn(command.Stmts)
		case *syntax.WhileClause:
			printed = printsIn(command.Do)
		case *syntax.ForClause:
			printed = printsIn(command.Do)
		case *syntax.IfClause:
			for branch := command; branch != nil && printed == ""; branch = branch.Else {
				printed = printsIn(branch.Then)
			}
		}
		if printed != "" {
			return printed
		}
	}
	return ""
}

// redirected reports whether a statement sends its output elsewhere.
func redirected(s *syntax.Stmt) bool {
	return slices.ContainsFunc(s.Redirs, func(r *syntax.Redirect) bool {
		return slices.Contains([]syntax.RedirOperator{syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll, syntax.DplOut}, r.Op) && (r.N == nil || r.N.Value == "1")
	})
}

// deletesShared is the volume that a hook deletes in and the other containers
// of the pod that use it.
func (h hook) deletesShared() (volume string, others []string) {
	for _, argv := range commandCalls(h.command()) {
		if argv[0] != "rm" {
			continue
		}
		for _, target := range argv[1:] {
			if strings.HasPrefix(target, "-") {
				continue
			}
			for _, mount := range items(h.container.Node, "volumeMounts") {
				at := text(mount, "mountPath")
				if at == "" || target != at && !strings.HasPrefix(target, strings.TrimSuffix(at, "/")+"/") {
					continue
				}
				if others = sharers(h.container, text(mount, "name")); len(others) > 0 {
					return text(mount, "name"), others
				}
			}
		}
	}
	return "", nil
}

// sharers are the other containers of the pod that go on running and mount a volume.
func sharers(c Container, volume string) []string {
	var out []string
	for _, other := range c.Workload.Containers {
		if other.Name == c.Name || other.Init && !other.Sidecar || volume == "" {
			continue
		}
		if slices.ContainsFunc(items(other.Node, "volumeMounts"), mountsVolume(volume)) {
			out = append(out, other.Name)
		}
	}
	return out
}
