package rules

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// A textLine is one line of a YAML text as ignore comments are looked for in it.
type textLine struct {
	// comment is the line from the "#" that begins one, "" for none.
	comment string
	// alone is set where the line is a comment and nothing else.
	alone bool
}

// readComments finds the comments of a YAML text. What stands in a block of
// text, such as a script in a ConfigMap, is none, but for inline patches.
func readComments(file string, text []byte) []textLine {
	all := lines(text)
	out := make([]textLine, len(all))
	patches := slices.Contains(kustomizationNames, path.Base(file))
	inBlock, above := false, 0 // the block is what is indented more than above
	for i, line := range all {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if inBlock && (strings.TrimSpace(line) == "" || indent > above) {
			continue
		}
		start := commentStart(line)
		body := strings.TrimSpace(line[:start])
		out[i] = textLine{line[start:], start < len(line) && body == ""}
		key, in, block := blockBelow(body)
		inBlock, above = block && !patches && key != "patch", indent+in
	}
	return out
}

// kustomizationNames are the files whose blocks of text are patches.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// blockStart is a line below which a block of text stands: the dashes of lists,
// and the key if it has one.
var blockStart = regexp.MustCompile(`^((?:- +)*)(?:(\S.*?)\s*:\s+)?(?:[!&]\S+\s+)*[|>][-+0-9]*$`)

// blockBelow reports whether a block of text follows a line, at which key, and
// how far into the line stands what it is indented more than: the key, else
// the dash of the item that it is.
func blockBelow(body string) (key string, above int, block bool) {
	m := blockStart.FindStringSubmatch(body)
	switch {
	case m == nil || m[1]+m[2] == "":
		return "", 0, false
	case m[2] == "":
		return "", strings.LastIndex(m[1], "-"), true
	}
	return m[2], len(m[1]), true
}

// commentStart is where the comment of a line begins, its length where it has
// none: at a "#" behind a blank, and not in quotes.
func commentStart(line string) int {
	quote := byte(0)
	begins := true // whether a value may begin here
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return i
		case begins && (c == '"' || c == '\''):
			quote = c
		}
		begins = strings.IndexByte(" \t:-,[{", c) >= 0
	}
	return len(line)
}
