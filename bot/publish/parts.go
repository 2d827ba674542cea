package publish

import (
	"fmt"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

// inPlace says of each overlay that was not built what was built and checked in
// its place: sentences without their full stop. quote makes a path inert.
func inPlace(report *review.Report, quote func(string) string) []string {
	var all []string
	for _, o := range report.Overlays {
		if len(o.Parts) == 0 {
			continue
		}
		parts := firstOf(o.Parts, few, func(part worker.Part) string { return partText(o.Path, part, quote) })
		all = append(all, fmt.Sprintf("%s was not built; checked in its place: %s", quote(o.Path), parts))
	}
	return all
}

// partText names a part of an overlay, with its objects and the entries that
// were left out of it.
func partText(whole string, part worker.Part, quote func(string) string) string {
	name, more := quote(part.Overlay), ""
	if part.Overlay == whole {
		name = "the rest of it"
	}
	if len(part.Without) > 0 {
		more = ", without " + firstOf(part.Without, few, func(at overlay.Mention) string { return quote(fmt.Sprintf("%s:%d", at.Path, at.Line)) })
	}
	return fmt.Sprintf("%s (%s%s)", name, plural(part.Objects, "object"), more)
}

// few is how many parts a sentence names before it only counts.
const few = 3

// firstOf lists the first of all by name, and counts the others where there
// are two or more beyond most.
func firstOf[T any](all []T, most int, name func(T) string) string {
	var names []string
	for i, one := range all {
		if i == most && len(all) > most+1 {
			names = append(names, fmt.Sprintf("%d more", len(all)-most))
			break
		}
		names = append(names, name(one))
	}
	return listing(names)
}
