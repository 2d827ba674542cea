package publish

import (
	"bytes"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// maxSuggestion is how many lines a suggestion may span: longer ones nobody
// reads before the click.
const maxSuggestion = 20

// A suggestion is a fix that the author can take with one click: text in place
// of the lines from first to last.
type suggestion struct {
	first, last int
	text        string // whole lines, each with its line break; "" deletes the lines
}

// suggest expresses a fix as a suggestion on a comment at line. It is false
// where that would not be the fix byte for byte: where the fix touches another
// file, lines that no single hunk shows, or a line that GitHub would end its own way.
func (d diff) suggest(fix *review.ProvedFix, path string, line int) (suggestion, bool) {
	if fix == nil || len(fix.Files) != 1 || fix.Files[0].Path != path || line < 1 {
		return suggestion{}, false
	}
	before, after := fix.Before[path], fix.After[path]
	if before == nil || after == nil || !plainLines(before) || !plainLines(after) || bytes.Equal(before, after) {
		return suggestion{}, false
	}
	s := changedLines(before, after)
	// The comment stays at its line: what is between is repeated unchanged.
	s = s.widen(before, min(s.first, line), max(s.last, line))
	if _, ok := showing(d[path], s.first, s.last); !ok || s.last-s.first >= maxSuggestion || !exact(s.text) {
		return suggestion{}, false
	}
	if rules.HoldsSecret(s.text) { // a comment outlives the line that it repeats
		return suggestion{}, false
	}
	return s, true
}

// plainLines reports whether every line ends in a line feed alone, the last
// one too: others do not survive a suggestion.
func plainLines(text []byte) bool {
	return len(text) > 0 && text[len(text)-1] == '\n' && !bytes.ContainsRune(text, '\r')
}

// changedLines are the lines between the first and the last that differ. Lines
// that are only added stand with the line before them.
func changedLines(before, after []byte) suggestion {
	a, b := bytes.SplitAfter(before, []byte("\n")), bytes.SplitAfter(after, []byte("\n"))
	a, b = a[:len(a)-1], b[:len(b)-1] // nothing follows the last line break
	head := 0
	for head < len(a) && head < len(b) && bytes.Equal(a[head], b[head]) {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && bytes.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	if head == len(a)-tail { // nothing but additions
		if head > 0 {
			head--
		} else {
			tail--
		}
	}
	return suggestion{first: head + 1, last: len(a) - tail, text: string(bytes.Join(b[head:len(b)-tail], nil))}
}

// widen makes the suggestion span the lines from first to last of before.
func (s suggestion) widen(before []byte, first, last int) suggestion {
	lines := bytes.SplitAfter(before, []byte("\n"))
	if last > len(lines) {
		return suggestion{last: maxSuggestion} // too long to be one
	}
	lead := bytes.Join(lines[first-1:s.first-1], nil)
	rest := bytes.Join(lines[s.last:last], nil)
	return suggestion{first: first, last: last, text: string(lead) + s.text + string(rest)}
}

func (s suggestion) markdown() string { return fenceExact("suggestion", s.text) }
