package yamledit

import "slices"

// A Result is an edited text.
type Result struct {
	Bytes []byte
	// Splices are what differs from the text as it was read, in order.
	Splices []Splice
	// Changed are the lines of Bytes that differ from those of the old text, in
	// order, as git and GitHub count lines.
	Changed []LineRange

	src []byte
}

// Apply makes the edits in their order, each on what the ones before it left:
// all of them or none. The text that was parsed stays as it is.
func (f *File) Apply(edits ...Edit) (Result, error) {
	text, now := newPieces(f.src), f
	for _, edit := range edits {
		splices, expect, err := edit.plan(now)
		if err != nil {
			return Result{}, err
		}
		for _, splice := range slices.Backward(splices) { // the later ones move no byte of the earlier
			text.splice(splice)
		}
		next, err := now.verified(edit, text.bytes(), expect)
		if err != nil {
			return Result{}, err
		}
		now = next
	}
	result := Result{Bytes: text.bytes(), Splices: text.splices(), src: f.src}
	result.Changed = result.changed()
	return result, nil
}

// verified parses an edited text, which must read as the old one with the
// expected change.
func (f *File) verified(edit Edit, text []byte, expect func(*Node) error) (*File, error) {
	line := 1
	if n, err := f.Lookup(edit.document, edit.path); err == nil {
		line = n.Line
	}
	next, err := parseAs(text, f.lines.nl)
	if err != nil {
		return nil, &ErrVerify{line, err.Error()}
	}
	want := copyAll(f.documents)
	if edit.adds != nil {
		want = append(want, edit.adds)
	} else if err := expect(want[edit.document]); err != nil {
		return nil, err
	}
	if why := differ(want, next.documents); why != "" {
		return nil, &ErrVerify{line, why}
	}
	return next, nil
}
