package publish

import (
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/rules"
)

// A remark is a finding as a comment on a pull request.
type remark struct {
	finding review.Finding
	anchor  anchor
	// suggestion is the fix, nil where a suggestion cannot express it or
	// another remark has it.
	suggestion *suggestion
	// offered says where a fix that is no suggestion is to be had, "" where nowhere.
	offered string
	// also are what else its object lacks, see [gathered].
	also []remark
}

// remarks are the report's findings as comments, the worst first, and the
// proved fixes that no suggestion of theirs expresses. What the diff has no
// place for, and what it does not touch, has the zero anchor; offered is as in [remark].
func (d diff) remarks(report *review.Report, offered string) ([]remark, []review.ProvedFix) {
	var out []remark
	suggested := map[int]string{} // by index of the fix, where: one click is enough
	for _, f := range bySeverity(report) {
		r := remark{finding: f, offered: offered}
		if !f.Untouched {
			r.anchor = d.anchor(f.Path, f.Line, report.Files[f.Path])
		}
		if i := f.ProvedFix; i >= 0 && !secret(f) {
			if where, ok := suggested[i]; ok {
				r.offered = "The suggestion at " + where + " fixes this too"
			} else if s, ok := d.suggest(&report.Fixes[i], r.anchor.path, r.anchor.line); ok {
				r.suggestion, suggested[i] = &s, code(position(f))
			}
		}
		out = append(out, r)
	}
	var rest []review.ProvedFix
	for i, fix := range report.Fixes {
		if _, ok := suggested[i]; !ok {
			rest = append(rest, fix)
		}
	}
	return gathered(out), rest
}

// gathered lets the first remark of what an object lacks say the info ones of
// the same object too, so that a new workload does not draw a comment for each.
func gathered(remarks []remark) []remark {
	type object struct{ path, origin string }
	first := map[object]int{}
	var out []remark
	for _, r := range remarks {
		f := r.finding
		of := object{f.Path, f.Origin.String()}
		i, known := first[of]
		switch {
		case !f.Presence || r.anchor.path == "" || f.Origin.Name == "":
		case !known:
			first[of] = len(out)
		case f.Severity == rules.Info && r.suggestion == nil:
			out[i].also = append(out[i].also, r)
			continue
		}
		out = append(out, r)
	}
	return out
}

// offered says where a pull request's fixes are to be had that no suggestion expresses.
func (p *Publisher) offered(pull github.PullRequest, report *review.Report) string {
	switch {
	case pull.Fork:
		return "The check run has this fix in its patch"
	case !p.mayFix(pull, report):
		return ""
	case report.Config.PullRequests.Mode == config.Automatic:
		return "A pull request onto this branch has this fix"
	}
	return "Comment `/kustodian fix` for a pull request with this fix"
}

// body is the comment as Markdown, without its marker: what is wrong, why it
// matters, what to write, and where else it shows.
func (r remark) body() string {
	f := r.finding
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", stop(inline(f.Message)))
	why, write := ruleText(f.Rule)
	if why != "" {
		b.WriteString(" " + why)
	}
	b.WriteByte('\n')
	if r.anchor.line != f.Line && f.Line > 0 {
		fmt.Fprintf(&b, "\nThe cause is at %s.\n", code(position(f)))
	}
	if write != "" {
		fmt.Fprintf(&b, "\nWrite %s\n", stop(write))
	}
	switch {
	case r.suggestion != nil:
		b.WriteString("\n" + r.suggestion.markdown())
	case f.Fix != nil && r.offered != "":
		fmt.Fprintf(&b, "\n%s: %s\n", r.offered, stop(inline(f.Fix.Title)))
	case noFix(f) != "":
		fmt.Fprintf(&b, "\nNo fix: %s\n", stop(inline(noFix(f))))
	}
	b.WriteString("\n<sub>" + strings.ToUpper(f.Severity.String()[:1]) + f.Severity.String()[1:])
	if len(f.Overlays) > 0 {
		b.WriteString(" in " + overlayList(f.Overlays))
	}
	fmt.Fprintf(&b, " · [%s](%s)</sub>\n", inline(f.Rule), ruleURL(f.Rule))
	for i, r := range r.also {
		if i == 0 {
			fmt.Fprintf(&b, "\nAlso, of %s %s:\n\n", inline(f.Origin.Kind), code(f.Origin.Name))
		}
		b.WriteString(r.item())
	}
	return b.String()
}

// item is the remark as an item of another's body.
func (r remark) item() string {
	f := r.finding
	text := fmt.Sprintf("- %s <sub>[%s](%s)</sub>", stop(inline(f.Message)), inline(f.Rule), ruleURL(f.Rule))
	if f.Fix != nil && r.offered != "" {
		text += fmt.Sprintf(" %s: %s", r.offered, stop(inline(f.Fix.Title)))
	}
	return text + "\n"
}

// signed is the body with the marker that finds it again.
func (r remark) signed(k key) string {
	return r.body() + "\n" + k.marker(r.finding.Fingerprint)
}

// comment is the remark at its line, or at the lines that its suggestion replaces.
func (r remark) comment(k key) github.ReviewComment {
	c := github.ReviewComment{Path: r.anchor.path, Line: r.anchor.line, Body: r.signed(k)}
	if s := r.suggestion; s != nil {
		c.Line = s.last
		if s.first < s.last {
			c.StartLine = s.first
		}
	}
	return c
}

// goneBody is what a comment becomes when its finding is gone: how it went,
// and the first line of what it said.
func goneBody(k key, body, fingerprint, how string) string {
	said, _, _ := strings.Cut(unmarked(body), "\n")
	return how + "\n\n> " + said + "\n\n" + k.marker(gonePrefix+fingerprint)
}
