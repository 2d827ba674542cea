package publish

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// A tally counts what a report holds.
type tally struct {
	errors, warnings, infos int // findings that nobody silenced
	silenced                int
	overlays, broken        int // overlays of the report, and those of them that were not built
	total                   int // overlays of the tree, 0 where nobody counted
}

func count(report *review.Report) tally {
	t := tally{total: report.Total}
	for _, f := range report.Findings {
		switch {
		case f.Suppressed != nil:
			t.silenced++
		case f.Severity == rules.Error:
			t.errors++
		case f.Severity == rules.Warning:
			t.warnings++
		default:
			t.infos++
		}
	}
	for _, o := range report.Overlays {
		t.overlays++
		if !o.Built {
			t.broken++
		}
	}
	return t
}

func (t tally) findings() int { return t.errors + t.warnings + t.infos }

// String is a sentence without its full stop: "2 errors and 1 warning in 4
// overlays, 1 of them was not built; 3 silenced".
func (t tally) String() string {
	var found []string
	if t.errors > 0 {
		found = append(found, plural(t.errors, "error"))
	}
	if t.warnings > 0 {
		found = append(found, plural(t.warnings, "warning"))
	}
	if t.infos > 0 {
		found = append(found, fmt.Sprintf("%d info", t.infos))
	}
	text := "nothing found"
	if len(found) > 0 {
		text = listing(found)
	}
	if t.total > t.overlays {
		text += fmt.Sprintf(" in %d of %s", t.overlays, plural(t.total, "overlay"))
	} else {
		text += " in " + plural(t.overlays, "overlay")
	}
	switch {
	case t.broken == 1:
		text += ", 1 of them was not built"
	case t.broken > 1:
		text += fmt.Sprintf(", %d of them were not built", t.broken)
	}
	if t.silenced > 0 {
		text += fmt.Sprintf("; %d silenced", t.silenced)
	}
	return text
}

// plural is "1 overlay" or "2 overlays".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// listing is "a", "a and b" or "a, b and c".
func listing(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
