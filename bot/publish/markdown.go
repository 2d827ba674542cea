package publish

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/review"
)

// writeMarkdown writes what a check run says: the summary, then every finding.
func writeMarkdown(w io.Writer, report *review.Report, _ Options) error {
	_, err := io.WriteString(w, summary(report)+"\n"+findingsText(bySeverity(report)))
	return err
}

// summary is the tally, a table of the overlays, and what was checked in place
// of those that were not built.
func summary(report *review.Report) string {
	s := newSheet()
	s.add(stop(count(report).String()) + "\n")
	s.addAll(added(report), "silenced finding")
	if len(report.Overlays) == 0 {
		return s.String()
	}
	s.add("\n| overlay | environment | objects | built | findings |\n|---|---|--:|---|--:|\n")
	var rows []string
	for _, o := range report.Overlays {
		found := 0
		for f := range active(report) {
			if slices.Contains(f.Overlays, o.Path) {
				found++
			}
		}
		built := "yes"
		if !o.Built {
			built = "**no**"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %d | %s | %d |\n", cell(code(o.Path)), cell(inline(o.Environment)), o.Objects, built, found))
	}
	s.addAll(rows, "overlay")
	var parts []string
	for _, text := range inPlace(report, code) {
		parts = append(parts, "\n"+stop(text)+"\n")
	}
	s.addAll(parts, "overlay")
	return s.String()
}

// added are the findings that the change itself silences, under a line of
// their own: somebody should have seen that it does.
func added(report *review.Report) []string {
	var items []string
	for _, f := range report.Findings {
		if !f.Added {
			continue
		}
		if items == nil {
			items = append(items, "\nThis change silences:\n\n")
		}
		item := fmt.Sprintf("- %s %s: %s", code(fmt.Sprintf("%s:%d", f.Suppressed.Path, f.Suppressed.Line)), inline(f.Rule), stop(inline(f.Message)))
		if f.Suppressed.Reason != "" {
			item += " The reason: " + stop(inline(f.Suppressed.Reason))
		}
		if f.Blocks {
			item += " It blocks all the same, until the ignore is on the base."
		}
		items = append(items, item+"\n")
	}
	return items
}

// findingsText lists findings, "" of none.
func findingsText(findings []review.Finding) string {
	s := newSheet()
	var items []string
	for _, f := range findings {
		items = append(items, item(f))
	}
	s.addAll(items, "finding")
	return s.String()
}

// item is a finding as an item of a list.
func item(f review.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s **%s** [%s](%s): %s", code(position(f)), f.Severity, inline(f.Rule), ruleURL(f.Rule), stop(inline(f.Message)))
	if len(f.Overlays) > 0 {
		fmt.Fprintf(&b, " In %s.", overlayList(f.Overlays))
	}
	if why := noFix(f); why != "" {
		fmt.Fprintf(&b, " No fix: %s", stop(inline(why)))
	}
	b.WriteByte('\n')
	return b.String()
}

// maxNamed is how many overlays a sentence names before it only counts.
const maxNamed = 12

// overlayList names overlays.
func overlayList(overlays []string) string { return firstOf(overlays, maxNamed, code) }

// stop ends a text with a full stop where it has no end yet.
func stop(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}
