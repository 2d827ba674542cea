package publish

import (
	"bytes"
	"math"

	"github.com/kustodian/kustodian/bot/github"
)

// A diff is what a pull request changes, file by file. A file that GitHub
// shows no hunks of, such as a very long one, has none.
type diff map[string][]hunk

// newDiff reads the hunks of the files of a pull request. A patch that cannot
// be read shows nothing: what is found there is told on the file.
func newDiff(files []github.File) diff {
	d := diff{}
	for _, f := range files {
		hunks, err := parseHunks(f.Patch)
		if err != nil {
			hunks = nil
		}
		d[f.Path] = hunks
	}
	return d
}

// An anchor is where a finding can be told in a pull request: at a line of the
// diff, else, with line 0, on a file of it. The zero anchor is neither.
type anchor struct {
	path string
	line int
}

// anchor places what is wrong at a line of a file whose bytes are src: at the
// line itself where the diff shows it, else at the nearest line of the same
// document that the diff changes, else at the nearest one of it that the diff
// shows, else on the file.
func (d diff) anchor(path string, line int, src []byte) anchor {
	hunks, ok := d[path]
	if !ok {
		return anchor{}
	}
	if _, ok := showing(hunks, line, line); ok && line > 0 {
		return anchor{path, line}
	}
	first, last := document(src, line)
	if n := nearest(hunks, line, first, last, func(h hunk, n int) bool { return h.added[n] }); n > 0 {
		return anchor{path, n}
	}
	if n := nearest(hunks, line, first, last, func(hunk, int) bool { return true }); n > 0 {
		return anchor{path, n}
	}
	return anchor{path: path}
}

// nearest is the line between first and last that is nearest to line, of those
// that the hunks show and that are wanted; 0 where there is none.
func nearest(hunks []hunk, line, first, last int, wanted func(hunk, int) bool) int {
	best, distance := 0, math.MaxInt
	for _, h := range hunks {
		for n := max(h.first, first); n <= min(h.last, last); n++ {
			if d := max(n-line, line-n); d < distance && wanted(h, n) {
				best, distance = n, d
			}
		}
	}
	return best
}

// document is the first and last line of the YAML document that holds a line,
// its opening "---" included. No such line, or no bytes, is no document: 1, 0.
func document(src []byte, line int) (first, last int) {
	if line < 1 || len(src) == 0 {
		return 1, 0
	}
	first = 1
	for text := range bytes.Lines(src) {
		last++
		if last > 1 && opensDocument(text) {
			if line < last {
				return first, last - 1
			}
			first = last
		}
	}
	if line > last {
		return 1, 0
	}
	return first, last
}

// opensDocument reports whether a line is "---", alone or before a comment or value.
func opensDocument(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("---"))
	return ok && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
}
