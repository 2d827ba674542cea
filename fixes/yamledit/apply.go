package yamledit

import "strings"

// A Result is an edited text.
type Result struct {
	Bytes []byte
	// Splices are what differs from the text as it was read, in order.
	Splices []Splice

	src []byte
}

// Apply makes the edits in their order, each on what the ones before it left:
// all of them or none. The text that was parsed stays as it is.
func (f *File) Apply(edits ...Edit) (Result, error) {
	text, now := newPieces(f.src), f
	for _, edit := range edits {
		splice, expect, err := edit.plan(now)
		if err != nil {
			return Result{}, err
		}
		text.splice(splice)
		next, err := now.verified(edit, text.bytes(), expect)
		if err != nil {
			return Result{}, err
		}
		now = next
	}
	return Result{Bytes: text.bytes(), Splices: text.splices(), src: f.src}, nil
}

// verified parses an edited text, which must read as the old one with the
// expected change.
func (f *File) verified(edit Edit, text []byte, expect func(*Node) error) (*File, error) {
	line := 1
	if n, err := f.Lookup(edit.document, edit.path); err == nil {
		line = n.Line
	}
	next, err := Parse(text)
	if err != nil {
		return nil, &ErrVerify{line, err.Error()}
	}
	want := copyAll(f.documents)
	if err := expect(want[edit.document]); err != nil {
		return nil, err
	}
	if why := differ(want, next.documents); why != "" {
		return nil, &ErrVerify{line, why}
	}
	return next, nil
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
