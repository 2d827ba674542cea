package rules

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

var (
	// ignoreComment is `# kustodian:ignore RULE the reason`.
	ignoreComment = regexp.MustCompile(`(?:^|\s)#\s*kustodian:ignore(?:\s+([a-z0-9-]+))?(?:\s+(.*\S))?\s*$`)
	// checkovComment is `# checkov:skip=CHECK:the reason`, which begins with
	// the name of its maker too.
	checkovComment = regexp.MustCompile(`(?:^|\s)#\s*(?:checkov|bridgecrew):skip= *(\w+)(?::\s*(.*\S))?\s*$`)
)

// An IgnoreComment is a comment that silences a rule on its line, or, where
// it has a line of its own, on the line below. Rule and Reason are empty where
// it does not say them.
type IgnoreComment struct {
	Path   string `json:"path"`
	Line   int    `json:"line"` // from 1
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// comments are the ignore comments of a text by their line, in their parts.
func comments(file string, text []byte) map[int][]string {
	out := map[int][]string{}
	if !strings.Contains(string(text), "kustodian:ignore") {
		return nil
	}
	for i, line := range readComments(file, text) {
		if m := ignoreComment.FindStringSubmatch(line.comment); m != nil {
			out[i+1] = m
		}
	}
	return out
}

// Suppress marks the findings that a comment on their line, or on lines of
// their own right above it, silences: ours, or checkov's for the same check.
// read returns the text of a file; a file that it cannot read has no comments.
func Suppress(findings []Finding, read func(path string) ([]byte, error)) []Finding {
	files := map[string][]textLine{}
	for i := range findings {
		f := &findings[i]
		text, ok := files[f.Path]
		if !ok {
			if src, err := read(f.Path); err == nil {
				text = readComments(f.Path, src)
			}
			files[f.Path] = text
		}
		for n := f.Line; n >= 1 && n <= len(text) && (n == f.Line || text[n-1].alone); n-- {
			if s := silencedBy(f.Rule, text[n-1].comment); s != nil && (f.Suppressed == nil || f.Suppressed.Tool != "") {
				s.Path, s.Line = f.Path, n
				f.Suppressed = s
			}
		}
	}
	return findings
}

// silencedBy is the suppression of a rule that a comment is, without its place;
// nil where it is none.
func silencedBy(rule, comment string) *Suppression {
	if m := ignoreComment.FindStringSubmatch(comment); m != nil && m[1] == rule && reasonFault(m[1], m[2], commentForm) == "" {
		return &Suppression{Reason: m[2]}
	}
	if m := checkovComment.FindStringSubmatch(comment); m != nil && covers(checkov, m[1], rule) {
		return &Suppression{Reason: m[2], Tool: "checkov"}
	}
	return nil
}

// lines are the lines of a text without their ends.
func lines(text []byte) []string {
	out := strings.Split(string(text), "\n")
	for i := range out {
		out[i] = strings.TrimSuffix(out[i], "\r")
	}
	return out
}

const commentForm = "# kustodian:ignore RULE the reason"

// ignoreFault says what is wrong with an ignore that should have the form
// given, "" where nothing is.
func (p Policy) ignoreFault(id, reason, form string) string {
	switch {
	case id == "":
		return "an ignore names a rule and a reason: " + form
	case !p.Knows(id):
		return fmt.Sprintf("there is no rule %q to ignore%s; kustodian rules lists them", id, p.Near(id))
	}
	return reasonFault(id, reason, form)
}

// reasonFault says what is wrong with the reason of an ignore, "" where
// nothing is.
func reasonFault(id, reason, form string) string {
	switch {
	case reason == "":
		return "an ignore needs a reason: " + strings.Replace(form, "RULE", id, 1)
	case strings.ContainsFunc(reason, unicode.IsControl):
		return "the reason of the ignore of " + id + " holds a control character; write it in plain text"
	}
	return ""
}

// Near is the rule that a misspelt id may mean, as the end of a sentence; "" for
// none.
func (p Policy) Near(id string) string {
	ids := make([]string, 0, len(p.Own))
	for rule := range All() {
		ids = append(ids, rule.ID)
	}
	for _, own := range p.Own {
		ids = append(ids, own.ID)
	}
	best, off := "", len(id)
	for _, known := range ids {
		if d := levenshtein.ComputeDistance(id, known); d < off && d <= max(1, len(known)/3) {
			best, off = known, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// invalidComments reports the ignore comments that silence nothing, because
// the rule is not known or nobody says why.
func invalidComments(survey *Survey) {
	for _, note := range survey.Notes {
		for _, c := range note.Comments {
			if fault := survey.Policy.ignoreFault(c.Rule, c.Reason, commentForm); fault != "" {
				survey.Report(c.Path, c.Line, fault)
			}
		}
	}
}
