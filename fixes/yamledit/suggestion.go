package yamledit

import "strings"

// A LineRange is the lines First to Last, both of them too, from 1. Where lines
// went and none came, Last is First-1, and First the line that moved up.
type LineRange struct{ First, Last int }

// changed is the lines that the splices wrote. Splices that touch the same line
// or the next are one range.
func (r Result) changed() []LineRange {
	l := lineFeeds(r.Bytes)
	var out []LineRange
	shift := 0 // of the new bytes against the old
	for _, s := range r.Splices {
		start, end := s.Start+shift, s.Start+shift+len(s.New)
		shift += len(s.New) - (s.End - s.Start)
		first, last := l.line(start), l.line(max(start, end-1))
		whole := l.start(start) == start
		switch {
		case s.Start == s.End && s.Start < len(r.src) && breakAt(r.src[s.Start:]) > 0 && breakAt([]byte(s.New)) == breakAt(r.src[s.Start:]): // begins below
			first++
		case s.New == "" && whole && strings.HasSuffix(string(r.src[s.Start:s.End]), "\n"):
			last = first - 1
		}
		if n := len(out); n > 0 && first <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, last)
			continue
		}
		out = append(out, LineRange{first, last})
	}
	return out
}

// Suggestion is the change as one range of whole lines of the old text, first
// to last from 1, and the text to put in their place without its last break.
// ok is false where nothing changed, or where no lines and text say the change.
//
// A change that only adds lines takes the line above it along.
func (r Result) Suggestion() (first, last int, text string, ok bool) {
	if len(r.Splices) == 0 {
		return 0, 0, "", false
	}
	l := lineFeeds(r.src)
	head, tail := r.Splices[0], r.Splices[len(r.Splices)-1]
	start, end := l.start(head.Start), tail.End
	if l.start(end) != end || tail.Start == end {
		end = l.next(end)
	}
	if head.Start == start && head.End == start && start > 0 {
		start, end = l.start(start-1), max(tail.End, start)
		if l.start(end) != end {
			end = l.next(end)
		}
	}
	text = r.between(start, end)
	// An empty suggestion reads as an empty line, and the break of the last line
	// is not the suggestion's to say: a neighbour comes along.
	for strings.TrimPrefix(text, string(bom)) == "" || lastBreak(text) != lastBreak(string(r.src[start:end])) {
		switch {
		case end < len(r.src):
			end = l.next(end)
		case start > 0 && text == "":
			start = l.start(start - 1)
		default:
			return 0, 0, "", false
		}
		text = r.between(start, end)
	}
	first, last = l.line(start), l.line(max(start, end-1))
	return first, last, strings.TrimSuffix(text, lastBreak(text)), true
}

// lastBreak is the break at the end of a text, as git knows them.
func lastBreak(text string) string {
	for _, nl := range []string{"\r\n", "\n"} {
		if strings.HasSuffix(text, nl) {
			return nl
		}
	}
	return ""
}

// between is the new text of the old bytes from start to end.
func (r Result) between(start, end int) string {
	var b strings.Builder
	at := start
	for _, s := range r.Splices {
		b.Write(r.src[at:s.Start])
		b.WriteString(s.New)
		at = s.End
	}
	b.Write(r.src[at:end])
	return b.String()
}
