package pages

import (
	"fmt"
	"strconv"
	"strings"
)

// A row is one line of a diff with the threads that stand below it.
type row struct {
	Kind     string // "hunk", "added", "deleted" or "context"
	Old, New int    // line numbers; 0 where the side has none
	Text     string
	Threads  []Thread
}

// rows lays out a file: its own threads first, then the lines of its hunks,
// each with its threads, and at the end the threads whose line is not shown.
func rows(f File) []row {
	var out []row
	if own := f.at("RIGHT", 0); len(own) > 0 {
		out = append(out, row{Kind: "file", Threads: own})
	}
	shown := map[string]bool{}
	oldLine, newLine := 0, 0
	for _, line := range strings.Split(strings.TrimSuffix(f.Patch, "\n"), "\n") {
		if line == "" {
			continue
		}
		r := row{Text: line[1:]}
		switch line[0] {
		case '@':
			oldLine, newLine = starts(line)
			r = row{Kind: "hunk", Text: line}
		case '+':
			r.Kind, r.New = "added", newLine
			newLine++
		case '-':
			r.Kind, r.Old = "deleted", oldLine
			oldLine++
		case '\\':
			r = row{Kind: "hunk", Text: line}
		default:
			r.Kind, r.Old, r.New = "context", oldLine, newLine
			oldLine++
			newLine++
		}
		if r.New > 0 {
			r.Threads = append(r.Threads, f.at("RIGHT", r.New)...)
			shown[key("RIGHT", r.New)] = true
		}
		if r.Old > 0 {
			r.Threads = append(r.Threads, f.at("LEFT", r.Old)...)
			shown[key("LEFT", r.Old)] = true
		}
		out = append(out, r)
	}
	var rest []Thread
	for _, t := range f.Threads {
		if t.Line > 0 && !shown[key(t.Side, t.Line)] {
			rest = append(rest, t)
		}
	}
	if len(rest) > 0 {
		out = append(out, row{Kind: "file", Threads: rest})
	}
	return out
}

// at are the threads at a line of one side.
func (f File) at(side string, line int) []Thread {
	var out []Thread
	for _, t := range f.Threads {
		if t.Line == line && (t.Side == side || line == 0) {
			out = append(out, t)
		}
	}
	return out
}

func key(side string, line int) string { return fmt.Sprint(side, line) }

// starts reads the first line of each side from a hunk's head, such as
// "@@ -1,7 +1,9 @@". It is 0, 0 where that is none.
func starts(head string) (oldLine, newLine int) {
	fields := strings.Fields(head)
	if len(fields) < 3 {
		return 0, 0
	}
	return start(fields[1]), start(fields[2])
}

func start(text string) int {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "+-"), ",")
	line, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return line
}
