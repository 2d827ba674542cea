package yamledit

import (
	"fmt"
	"strings"
)

// An ErrShared is a place whose anchor is used elsewhere: an edit would change
// both.
type ErrShared struct {
	Anchor string
	Line   int   // of the anchor
	Uses   []int // the lines of its aliases
}

func (e *ErrShared) Error() string {
	return fmt.Sprintf("line %d: anchor &%s is used elsewhere in the file (line%s), and both would change; write the value out where it is to differ", e.Line, e.Anchor, numbers(e.Uses))
}

// numbers is a list of lines as it follows the word "line".
func numbers(lines []int) string {
	var b strings.Builder
	if len(lines) != 1 {
		b.WriteString("s")
	}
	for i, line := range lines {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d", line)
	}
	return b.String()
}

// An ErrAlias is a place that an alias stands for.
type ErrAlias struct {
	Anchor string
	Line   int // of the alias
}

func (e *ErrAlias) Error() string {
	return fmt.Sprintf("line %d: *%s stands for a value that is written elsewhere; write the value out here", e.Line, e.Anchor)
}

// An ErrMerged is a key that comes from a merge key.
type ErrMerged struct {
	Key  string
	Line int // of the merge key
}

func (e *ErrMerged) Error() string {
	return fmt.Sprintf("line %d: %s comes from a merge key; write it out in the mapping itself", e.Line, e.Key)
}

// An ErrDuplicateKey is a mapping that has a key twice.
type ErrDuplicateKey struct {
	Key  string
	Line int // of the second
}

func (e *ErrDuplicateKey) Error() string {
	return fmt.Sprintf("line %d: the key %s stands twice in its mapping; delete one", e.Line, e.Key)
}

// An ErrNoPlace is a path that the file does not have.
type ErrNoPlace struct{ Path Path }

func (e *ErrNoPlace) Error() string { return fmt.Sprintf("the file has no %s", e.Path) }

// An ErrNotPlaced is a node whose bytes cannot be told for certain.
type ErrNotPlaced struct{ Line int }

func (e *ErrNotPlaced) Error() string {
	return fmt.Sprintf("line %d: where the value begins and ends cannot be told for certain; make this change by hand", e.Line)
}

// An ErrStyle is a place whose style has no safe form for the edit.
type ErrStyle struct {
	Line int
	Why  string
}

func (e *ErrStyle) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// An ErrTemplate is a file that a template engine reads before YAML does.
type ErrTemplate struct{ Line int }

func (e *ErrTemplate) Error() string {
	return fmt.Sprintf("line %d: {{ begins a template, whose text is not YAML yet; make this change in the template by hand", e.Line)
}

// An ErrEncoding is a file that is not UTF-8.
type ErrEncoding struct{ Line int } // of the first byte that is not

func (e *ErrEncoding) Error() string {
	return fmt.Sprintf("line %d: the file is not UTF-8; save it as UTF-8", e.Line)
}

// An ErrLimit is a file that is too large or too deep to be edited.
type ErrLimit struct {
	What  string // "bytes" or "levels"
	Limit int
}

func (e *ErrLimit) Error() string {
	return fmt.Sprintf("the file has more than %d %s; split it", e.Limit, e.What)
}

// An ErrSyntax is a file that does not parse.
type ErrSyntax struct{ Err error }

func (e *ErrSyntax) Error() string { return fmt.Sprintf("the file is not YAML: %v", e.Err) }
func (e *ErrSyntax) Unwrap() error { return e.Err }

// An ErrVerify is an edit whose result was not what it was meant to be, so
// that nothing was changed.
type ErrVerify struct {
	Line int
	Why  string
}

func (e *ErrVerify) Error() string {
	return fmt.Sprintf("line %d: the edited text would not read as it should (%s); make this change by hand", e.Line, e.Why)
}
