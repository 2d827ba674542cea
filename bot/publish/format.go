// Package publish says what a review found: to a shell, as text or in the
// formats that other tools read, and to GitHub, as review comments, a check
// run and pull requests of fixes.
//
// Whatever comes from a repository (names, messages, file contents) is a
// stranger's text. In Markdown it passes through [inline], [code] or [fence],
// on a terminal through [Printable], so that it is read and never obeyed.
//
// A [Publisher] reads what it said before, says what is new, resolves what is
// gone and leaves the rest, so that a job may be published any number of times.
package publish

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// Options are the settings of [Write]. The zero value is plain text of an
// unnamed version.
type Options struct {
	// Color asks for the colours of a terminal; only text has them.
	Color bool
	// Version is Kustodian's own, as SARIF names it; "" where it is not known.
	Version string
}

// formats are the ways to write a report, in the order in which help lists them.
var formats = []struct {
	name  string
	write func(io.Writer, *review.Report, Options) error
}{
	{"text", writeText},
	{"json", writeJSON},
	{"sarif", writeSARIF},
	{"junit", writeJUnit},
	{"github", writeCommands},
	{"markdown", writeMarkdown},
	{"diff", writeDiff},
}

// Formats lists the names that [Write] takes.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Write writes the report to w in one of [Formats]. It returns an error for
// another format, and those of w.
func Write(w io.Writer, format string, report *review.Report, options Options) error {
	for _, f := range formats {
		if f.name == format {
			return f.write(w, report, options)
		}
	}
	return fmt.Errorf("format %q: want %s", format, strings.Join(Formats(), ", "))
}

// Worst is the highest severity among the findings that nobody silenced, Off
// where there are none.
func Worst(report *review.Report) rules.Severity {
	worst := rules.Off
	for f := range active(report) {
		worst = max(worst, f.Severity)
	}
	return worst
}

// Fails reports whether the report has a finding at or above failOn. Off never fails.
func Fails(report *review.Report, failOn rules.Severity) bool {
	return failOn != rules.Off && Worst(report) >= failOn
}

// lastLine is the last line that a finding is shown at. What is not there is
// shown where it would begin, and not at all that stands there instead.
func lastLine(f review.Finding) int {
	if f.Presence {
		return f.Line
	}
	return max(f.Line, f.EndLine)
}

// active are the findings that nobody silenced.
func active(report *review.Report) iter.Seq[review.Finding] {
	return func(yield func(review.Finding) bool) {
		for _, f := range report.Findings {
			if f.Suppressed == nil && !yield(f) {
				return
			}
		}
	}
}

// bySeverity are the findings that nobody silenced, the worst first, else in
// the report's order.
func bySeverity(report *review.Report) []review.Finding {
	return slices.SortedStableFunc(active(report), func(a, b review.Finding) int {
		return int(b.Severity) - int(a.Severity)
	})
}
