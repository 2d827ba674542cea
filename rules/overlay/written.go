package overlay

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// written finds for each byte of a scalar's value the offset in the file that
// says it; false where that cannot be told. n is a scalar of data, its lines
// and columns those of data.
func written(data []byte, n *yaml.Node) ([]int, bool) {
	at, ok := offsetOf(data, n.Line, n.Column)
	if !ok || n.Kind != yaml.ScalarNode {
		return nil, false
	}
	at += len(nodeProperties.Find(data[at:]))
	w := writing{data: data, at: at, value: n.Value, offsets: make([]int, 0, len(n.Value))}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		ok = w.block()
	case n.Style&yaml.DoubleQuotedStyle != 0:
		w.at++
		ok = w.flow(w.escaped)
	case n.Style&yaml.SingleQuotedStyle != 0:
		w.at++
		ok = w.flow(w.doubled)
	default:
		ok = w.flow(w.plain)
	}
	return w.offsets, ok && len(w.offsets) == len(n.Value)
}

// offsetOf is the offset of a line and a column, both from 1, the column in runes.
func offsetOf(text []byte, line, column int) (int, bool) {
	offset := 0
	for range line - 1 {
		i := bytes.IndexByte(text[offset:], '\n')
		if i < 0 {
			return 0, false
		}
		offset += i + 1
	}
	if line == 1 && bytes.HasPrefix(text, byteOrderMark) {
		offset = len(byteOrderMark)
	}
	for range column - 1 {
		_, size := utf8.DecodeRune(text[offset:])
		offset += size
	}
	return offset, offset <= len(text)
}

// writing goes through a scalar as it is written, beside its value.
type writing struct {
	data    []byte
	at      int // in data
	value   string
	offsets []int // of the bytes of value so far
}

// say notes that a text is the next of the value, said at w.at; false where
// the value has something else.
func (w *writing) say(text string) bool {
	done := len(w.offsets)
	if len(w.value)-done < len(text) || w.value[done:done+len(text)] != text {
		return false
	}
	for range len(text) {
		w.offsets = append(w.offsets, w.at)
	}
	return true
}

// copy notes that a line of the file is the next of the value as it stands.
func (w *writing) copy(line []byte) bool {
	for i := range line {
		done := len(w.offsets)
		if done == len(w.value) || w.value[done] != line[i] {
			return false
		}
		w.offsets = append(w.offsets, w.at+i)
	}
	return true
}

// block goes through a literal or folded scalar: its lines stand in the value
// as they are, and between them breaks, one blank in place of one, or one
// fewer than there are.
func (w *writing) block() bool {
	indent := w.blockIndent()
	breaks := []int{} // since the last line that holds something
	for first := true; len(w.offsets) < len(w.value); first = false {
		line, _, more := bytes.Cut(w.data[w.at:], []byte("\n"))
		next := w.at + len(line) + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if content := bytes.TrimLeft(line, " "); !first && len(content) > 0 {
			if len(line)-len(content) < indent {
				break // behind the scalar
			}
			w.breaks(breaks)
			w.at += indent
			if !w.copy(line[indent:]) {
				return false
			}
			breaks = breaks[:0]
		}
		if !first {
			breaks = append(breaks, min(next, len(w.data))-1)
		}
		w.at = next
		if !more {
			break
		}
	}
	w.breaks(breaks)
	return true
}

// breaks notes what a block's value has for some line breaks.
func (w *writing) breaks(at []int) {
	rest := w.value[len(w.offsets):]
	if len(at) == 1 && len(rest) > 0 && rest[0] == ' ' {
		w.offsets = append(w.offsets, at[0])
		return
	}
	for _, offset := range at {
		if len(w.offsets) < len(w.value) && w.value[len(w.offsets)] == '\n' {
			w.offsets = append(w.offsets, offset)
		}
	}
}

// blockIndent is how far in the text of a block stands: as far as the first
// line that holds something.
func (w *writing) blockIndent() int {
	first := true
	for line := range bytes.Lines(w.data[w.at:]) {
		if content := bytes.TrimLeft(line, " "); !first && len(bytes.TrimSpace(content)) > 0 {
			indent := len(line) - len(content)
			text := bytes.TrimLeft([]byte(w.value), "\n")
			return max(indent-(len(text)-len(bytes.TrimLeft(text, " "))), 0) // the text may begin further in
		}
		first = false
	}
	return 0
}

// flow goes through a scalar that is quoted or plain, whose lines are folded;
// one takes what stands at w.at.
func (w *writing) flow(one func() bool) bool {
	for len(w.offsets) < len(w.value) {
		if w.at >= len(w.data) {
			return false
		}
		if !w.fold() && !one() {
			return false
		}
	}
	return true
}

// fold takes blanks with the line breaks among them, if there are any: one
// break is a blank of the value, each further one a break. It reports whether
// there were.
func (w *writing) fold() bool {
	end, count := w.at, 0
	for end < len(w.data) && bytes.IndexByte([]byte(" \t\r\n"), w.data[end]) >= 0 {
		if w.data[end] == '\n' {
			count++
		}
		end++
	}
	if count == 0 {
		return false
	}
	if count == 1 {
		w.say(" ")
	}
	for range count - 1 {
		w.say("\n")
	}
	w.at = end
	return true
}

func (w *writing) plain() bool {
	_, size := utf8.DecodeRune(w.data[w.at:])
	said := w.copy(w.data[w.at : w.at+size])
	w.at += size
	return said
}

// doubled is of a scalar in single quotes, where two stand for one.
func (w *writing) doubled() bool {
	if bytes.HasPrefix(w.data[w.at:], []byte("''")) {
		said := w.say("'")
		w.at += 2
		return said
	}
	return w.plain()
}

// escapes are those of one letter.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escaped is of a scalar in double quotes.
func (w *writing) escaped() bool {
	if w.data[w.at] != '\\' || w.at+1 == len(w.data) {
		return w.plain()
	}
	switch c := w.data[w.at+1]; c {
	case '\r', '\n': // the line goes on below, without a blank
		w.at++
		for w.at < len(w.data) && bytes.IndexByte([]byte(" \t\r\n"), w.data[w.at]) >= 0 {
			w.at++
		}
		return true
	case 'x', 'u', 'U':
		_, size := utf8.DecodeRuneInString(w.value[len(w.offsets):])
		said := w.say(w.value[len(w.offsets) : len(w.offsets)+size])
		w.at += 2 + map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		return said
	default:
		said := escapes[c] != "" && w.say(escapes[c])
		w.at += 2
		return said
	}
}
