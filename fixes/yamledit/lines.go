package yamledit

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

var bom = []byte("\xef\xbb\xbf")

// lines knows where each line of a text starts. It splits where the parser
// does: at CRLF, LF, a lone CR, and at NEL, U+2028 and U+2029. A text of one
// line would break by nl.
type lines struct {
	src    []byte
	starts []int // byte offset of each line
	nl     string
}

// A position is a byte, and the line and column that it is at.
type position struct{ line, column, offset int }

func newLines(src []byte, nl string) *lines {
	l := &lines{src: src, starts: []int{0}, nl: nl}
	if bytes.HasPrefix(src, bom) {
		l.starts[0] = len(bom) // the parser does not count it as a column
	}
	for i := l.starts[0]; i < len(src); {
		n := breakAt(src[i:])
		if n == 0 {
			_, size := utf8.DecodeRune(src[i:])
			i += size
			continue
		}
		i += n
		l.starts = append(l.starts, i)
	}
	return l
}

// lineFeeds knows the lines as git and GitHub count them.
func lineFeeds(src []byte) *lines {
	l := &lines{src: src, starts: []int{0}}
	for i, b := range src {
		if b == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// breakAt is the size of the line break at the start of a text, 0 where there is none.
func breakAt(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	case len(text) > 0 && (text[0] == '\n' || text[0] == '\r'):
		return 1
	case bytes.HasPrefix(text, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(text, []byte("\u2028")), bytes.HasPrefix(text, []byte("\u2029")):
		return 3
	}
	return 0
}

// offset is the byte of a position, lines and columns from 1, columns in runes.
func (l *lines) offset(line, column int) (int, bool) {
	at, ok := l.from(position{}, line, column)
	return at.offset, ok
}

// from is offset, counted from an earlier position where that is on the line.
func (l *lines) from(at position, line, column int) (position, bool) {
	if line < 1 || line > len(l.starts) {
		return position{}, false
	}
	if at.line != line || at.column > column {
		at = position{line, 1, l.starts[line-1]}
	}
	for ; at.column < column; at.column++ {
		if at.offset >= len(l.src) {
			return at, false
		}
		_, size := utf8.DecodeRune(l.src[at.offset:])
		at.offset += size
	}
	return at, true
}

// line is the number of the line that a byte is in, from 1.
func (l *lines) line(offset int) int {
	return sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset })
}

// start is where the line of a byte starts.
func (l *lines) start(offset int) int { return l.starts[max(l.line(offset), 1)-1] }

// next is where the line after that of a byte starts, the end of the text
// after the last line.
func (l *lines) next(offset int) int {
	if n := l.line(offset); n < len(l.starts) {
		return l.starts[n]
	}
	return len(l.src)
}

// end is where the line of a byte ends, before its break.
func (l *lines) end(offset int) int {
	at := offset
	for at < len(l.src) && breakAt(l.src[at:]) == 0 {
		at++
	}
	return at
}

// ending is the break of the line of a byte; where it has none, that of the line
// before, and where there is none, nl.
func (l *lines) ending(offset int) string {
	if end := l.end(offset); end < len(l.src) {
		return string(l.src[end : end+breakAt(l.src[end:])])
	}
	start := l.start(offset)
	if n := breakBefore(l.src[:start]); n > 0 {
		return string(l.src[start-n : start])
	}
	return l.nl
}

// blankBefore reports whether only blanks stand before a byte on its line.
func (l *lines) blankBefore(offset int) bool {
	return len(bytes.Trim(l.src[l.start(offset):offset], " \t")) == 0
}
