package publish

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxText is how many characters a body or a check run's text may have. GitHub
// takes 65,535 and counts differently from place to place.
const maxText = 60_000

// A sheet is Markdown that grows item by item and never past a size: what
// would not fit is counted instead.
type sheet struct {
	b     strings.Builder
	size  int // characters so far
	limit int
}

func newSheet() *sheet { return &sheet{limit: maxText} }

// add appends an item whole, and reports whether it fitted.
func (s *sheet) add(item string) bool {
	n := utf8.RuneCountInString(item)
	if s.size+n > s.limit {
		return false
	}
	s.b.WriteString(item)
	s.size += n
	return true
}

// addAll appends items until one does not fit, and then says how many of what
// are left out.
func (s *sheet) addAll(items []string, what string) {
	const note = 100 // characters that saying so takes at most
	for i, item := range items {
		limit := s.limit
		s.limit -= note
		fits := s.add(item)
		s.limit = limit
		if !fits {
			s.add(fmt.Sprintf("\n… and %s more, which do not fit here.\n", plural(len(items)-i, what)))
			return
		}
	}
}

func (s *sheet) String() string { return s.b.String() }
