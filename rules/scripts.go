package rules

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A script is what a command makes a shell run.
type script struct {
	// shell is its name without folder, such as sh.
	shell string
	file  *syntax.File
}

// scriptLimit bounds the text of a script in bytes: the parser descends as
// deep as a stranger nests. The longest in real trees has 6 KB.
const scriptLimit = 32 << 10

var shellNames = []string{"sh", "ash", "dash", "bash", "ksh", "zsh"}

// scriptOf reads a command such as [/bin/sh, -ec, text]. ok is false for a
// command that starts no shell, or whose text is no script.
func scriptOf(argv []string) (s script, ok bool) {
	if len(argv) > 1 && path.Base(argv[0]) == "env" {
		argv = argv[1:]
	}
	if len(argv) == 0 || !slices.Contains(shellNames, path.Base(argv[0])) {
		return script{}, false
	}
	for i := 1; i < len(argv); i++ {
		switch option := argv[i]; {
		case !strings.HasPrefix(option, "-") && !strings.HasPrefix(option, "+"):
			return script{}, false // a file in the image
		case strings.HasPrefix(option, "--"):
		case strings.Contains(option, "c") && i+1 < len(argv):
			file, err := parseScript(argv[i+1])
			return script{shell: path.Base(argv[0]), file: file}, err == nil
		case strings.HasSuffix(option, "o"):
			i++ // the name of an option, such as pipefail
		}
	}
	return script{}, false
}

func parseScript(text string) (*syntax.File, error) {
	if len(text) > scriptLimit {
		return nil, strconv.ErrRange
	}
	return syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
}

// commandOf is a container's command with its args; the image's own entrypoint
// is not known.
func commandOf(c Container) []string {
	return append(literals(items(c.Node, "command")), literals(items(c.Node, "args"))...)
}

// calls visits the commands that a part of a script runs, whatever it is in,
// with their words; a command in the background only where wanted.
func calls(n syntax.Node, background bool, visit func(argv []string)) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			return background || !n.Background
		case *syntax.CallExpr:
			if len(n.Args) > 0 {
				visit(wordsOf(n))
			}
		}
		return true
	})
}

// callsOf are the calls of statements.
func callsOf(list []*syntax.Stmt, background bool) [][]string {
	var out [][]string
	for _, s := range list {
		calls(s, background, func(argv []string) { out = append(out, argv) })
	}
	return out
}

// wordsOf are the words of a command without their quotes; what the shell
// works out later stands as "$" in them.
func wordsOf(call *syntax.CallExpr) []string {
	out := make([]string, len(call.Args))
	for i, word := range call.Args {
		out[i] = literal(word.Parts)
	}
	out[0] = path.Base(out[0])
	return out
}

func literal(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(part.Value)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			b.WriteString(literal(part.Parts))
		default:
			b.WriteString("$")
		}
	}
	return b.String()
}

// commandWords are the words of a command: those of its script where it runs
// one, else its own.
func commandWords(argv []string) []string {
	if _, ok := scriptOf(argv); !ok {
		return argv
	}
	return slices.Concat(commandCalls(argv)...)
}

// commandCalls are the commands that a command runs, with their words: those of
// its script where it runs one, else itself.
func commandCalls(argv []string) [][]string {
	if s, ok := scriptOf(argv); ok {
		return callsOf(s.file.Stmts, true)
	}
	if len(argv) == 0 {
		return nil
	}
	return [][]string{append([]string{path.Base(argv[0])}, argv[1:]...)}
}

// sleeps is how many seconds a command sleeps, 0 where it does something else.
func sleeps(argv []string) int {
	if len(argv) != 2 || path.Base(argv[0]) != "sleep" {
		return 0
	}
	text, unit := argv[1], 1
	switch {
	case text == "infinity" || text == "inf":
		return 1 << 30
	case strings.HasSuffix(text, "m"):
		unit = 60
	case strings.HasSuffix(text, "h"):
		unit = 3600
	case strings.HasSuffix(text, "d"):
		unit = 86400
	}
	seconds, err := strconv.ParseFloat(strings.TrimRight(text, "smhd"), 64)
	if err != nil || seconds < 0 || seconds > 1e6 {
		return 0
	}
	return int(seconds * float64(unit))
}
