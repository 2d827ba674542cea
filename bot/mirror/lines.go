package mirror

import (
	"bytes"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// A Range is the lines First to Last of a file, both among them, from 1. Where
// lines were only taken away it is the empty place between two lines: First
// is the line after it, Last the line before.
type Range struct{ First, Last int }

// ChangedLines returns the lines of head that base has not, and the places
// where base had lines that head has not, in order.
func ChangedLines(base, head []byte) []Range {
	var ranges []Range
	line, from, shift := 1, 0, 0 // line is the number of the line of head at offset from
	for _, edit := range udiff.Lines(string(base), string(head)) {
		start := edit.Start + shift
		line += bytes.Count(head[from:start], []byte("\n"))
		n := strings.Count(edit.New, "\n")
		if edit.New != "" && !strings.HasSuffix(edit.New, "\n") {
			n++
		}
		ranges = append(ranges, Range{First: line, Last: line + n - 1})
		from = start
		shift += len(edit.New) - (edit.End - edit.Start)
	}
	return ranges
}
