package publish

import (
	"fmt"
	"strconv"
	"strings"
)

// A hunk is a stretch of a file that a pull request's diff shows.
type hunk struct {
	first, last int          // lines of the head that it shows; last < first where it shows none
	added       map[int]bool // those of them that the head adds or changes
}

// has reports whether the hunk shows the lines from first to last.
func (h hunk) has(first, last int) bool { return h.first <= first && first <= last && last <= h.last }

// parseHunks reads the hunks of one file, as GitHub gives them: a unified diff
// without the lines that name the files. Empty text has none. It returns an
// error for text that is no such diff.
func parseHunks(patch string) ([]hunk, error) {
	var hunks []hunk
	line, left := 0, 0 // of the head: the next one, and how many the hunk still has
	for i, text := range strings.Split(strings.TrimSuffix(patch, "\n"), "\n") {
		switch {
		case strings.HasPrefix(text, "@@ "):
			start, count, err := headRange(text)
			if err != nil {
				return nil, fmt.Errorf("line %d of the patch: %w", i+1, err)
			}
			line, left = start, count
			hunks = append(hunks, hunk{first: start, last: start + count - 1, added: map[int]bool{}})
		case len(hunks) == 0:
			if text != "" {
				return nil, fmt.Errorf("line %d of the patch stands before its first hunk: %q", i+1, text)
			}
		case strings.HasPrefix(text, "-"), strings.HasPrefix(text, `\`):
		case left == 0:
			return nil, fmt.Errorf("line %d of the patch is one more than its hunk has", i+1)
		case strings.HasPrefix(text, "+"):
			hunks[len(hunks)-1].added[line] = true
			line, left = line+1, left-1
		case text == "" || strings.HasPrefix(text, " "):
			line, left = line+1, left-1
		default:
			return nil, fmt.Errorf("line %d of the patch: want +, - or a space: %q", i+1, text)
		}
	}
	if left > 0 {
		return nil, fmt.Errorf("the patch ends %d lines early", left)
	}
	return hunks, nil
}

// headRange reads the head's side of "@@ -1,2 +3,4 @@".
func headRange(text string) (start, count int, err error) {
	_, rest, ok := strings.Cut(text, " +")
	body, _, closed := strings.Cut(rest, " @@")
	if !ok || !closed {
		return 0, 0, fmt.Errorf("want @@ -a,b +c,d @@: %q", text)
	}
	from, n, several := strings.Cut(body, ",")
	count = 1
	if start, err = strconv.Atoi(from); err == nil && several {
		count, err = strconv.Atoi(n)
	}
	if err != nil || start < 0 || count < 0 || start > maxLine || count > maxLine {
		return 0, 0, fmt.Errorf("want @@ -a,b +c,d @@: %q", text)
	}
	return start, count, nil
}

// maxLine is far beyond the lines of any file that GitHub shows.
const maxLine = 1 << 30

// showing returns the hunk that shows the lines from first to last.
func showing(hunks []hunk, first, last int) (hunk, bool) {
	for _, h := range hunks {
		if h.has(first, last) {
			return h, true
		}
	}
	return hunk{}, false
}
