package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
)

// maxComments is how many comments a pull request gets, on lines and files,
// those of earlier reviews that still stand among them. GitHub answers 502 to
// reviews of more than about 30.
const maxComments = 25

// A thread of ours is what we said of one finding.
type ours struct {
	github.Thread
	first github.Comment
	// gone is set where we said that the finding is gone. A thread that is
	// resolved without it was resolved by a person, who wants to hear no more.
	gone bool
}

// answered reports whether somebody else wrote in the thread.
func (o ours) answered(login string) bool {
	return slices.ContainsFunc(o.Comments, func(c github.Comment) bool { return c.Author != login })
}

// said are the threads that we began, by their finding's fingerprint.
func (p *Publisher) said(threads []github.Thread) map[string]ours {
	out := map[string]ours{}
	for _, t := range threads {
		if len(t.Comments) == 0 || t.Comments[0].Author != p.Login {
			continue
		}
		text := p.key().read(t.Comments[0].Body)
		fingerprint, gone := strings.CutPrefix(text, gonePrefix)
		if gone && t.Resolved && p.Mode != github.Fix {
			continue // over, and not ours to open again: what comes back is said anew
		}
		if fingerprint != "" && !strings.Contains(fingerprint, "=") {
			out[fingerprint] = ours{Thread: t, first: t.Comments[0], gone: gone}
		}
	}
	return out
}

// A conversation is a pull request being told a report: by comments, by fixes
// and by a check run.
type conversation struct {
	*Publisher
	pull   github.PullRequest
	report *review.Report
	said   map[string]ours
	out    *Outcome
}

// publish says what is new, takes back what is gone, and returns the remarks
// that got no comment.
func (c *conversation) publish(ctx context.Context, remarks []remark) ([]remark, error) {
	var fresh, rest []remark
	budget := maxComments
	for _, r := range remarks {
		thread, known := c.said[r.finding.Fingerprint]
		if known {
			budget--
			if err := c.keep(ctx, thread, r); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range remarks {
		if _, known := c.said[r.finding.Fingerprint]; known {
			continue
		}
		if r.anchor.path == "" || budget <= 0 {
			rest = append(rest, r)
			continue
		}
		budget--
		fresh = append(fresh, r)
	}
	homeless, err := c.say(ctx, fresh)
	if err != nil {
		return nil, err
	}
	return append(rest, homeless...), c.takeBack(ctx)
}

// keep brings the thread of a finding that stands up to date.
func (c *conversation) keep(ctx context.Context, thread ours, r remark) error {
	if thread.Resolved && !thread.gone {
		return nil
	}
	ctx = c.about(ctx, r.finding.Fingerprint)
	if thread.Resolved {
		// Before its text: should the answer be lost, the text still says that
		// it was us who resolved it.
		if err := c.Repository.UnresolveThread(ctx, thread.ID); err != nil {
			return fmt.Errorf("opening the thread of %s again: %w", position(r.finding), err)
		}
		c.out.Reopened++
	}
	// The thread stays where it is: a suggestion for other lines would
	// replace the wrong ones.
	if at := r.comment(c.key()); at.Path != thread.Path || at.Line != thread.Line || at.StartLine != thread.StartLine {
		if r.suggestion != nil {
			r.suggestion, r.offered = nil, ""
		}
		r.anchor = anchor{thread.Path, thread.Line}
	}
	return c.edit(ctx, thread, r.signed(c.key()))
}

// edit replaces what a thread of ours begins with, if it differs.
func (c *conversation) edit(ctx context.Context, thread ours, body string) error {
	if strings.TrimSpace(thread.first.Body) == strings.TrimSpace(body) {
		return nil
	}
	if err := c.Repository.UpdateComment(ctx, thread.first.ID, body); err != nil {
		return fmt.Errorf("editing a comment on %s: %w", thread.Path, err)
	}
	c.out.Edited++
	return nil
}

// takeBack ends the threads whose finding is gone. While an overlay that did
// build does not any more, nobody knows what it would show, so that nothing
// counts as gone.
func (c *conversation) takeBack(ctx context.Context) error {
	if slices.ContainsFunc(c.report.Overlays, func(o review.OverlayReport) bool { return o.Hides }) {
		return nil
	}
	stands, silenced := map[string]bool{}, map[string]string{}
	for _, f := range c.report.Findings {
		for _, fingerprint := range append([]string{f.Fingerprint}, f.Joined...) {
			if f.Suppressed == nil {
				stands[fingerprint] = true
			} else {
				silenced[fingerprint] = f.Suppressed.Reason
			}
		}
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(c.said)) {
		thread := c.said[fingerprint]
		if stands[fingerprint] || thread.Resolved || thread.gone && (c.Mode != github.Fix || thread.answered(c.Login)) {
			continue
		}
		how := "Fixed in " + c.pull.Head.SHA + "."
		if reason, ok := silenced[fingerprint]; ok {
			how = "Silenced: " + stop(inline(reason))
		}
		if c.Mode != github.Fix {
			how += " Resolving this thread is left to you: Kustodian has no right to write contents here."
		}
		if err := c.end(c.about(ctx, fingerprint), thread, fingerprint, how); err != nil {
			return err
		}
	}
	return nil
}

// end says how a finding went, and then resolves its thread.
func (c *conversation) end(ctx context.Context, thread ours, fingerprint, how string) error {
	if !thread.gone {
		if err := c.edit(ctx, thread, goneBody(c.key(), thread.first.Body, fingerprint, how)); err != nil {
			return err
		}
	}
	if c.Mode != github.Fix {
		return nil
	}
	if err := c.Repository.ResolveThread(ctx, thread.ID); err != nil {
		return fmt.Errorf("resolving a thread on %s: %w", thread.Path, err)
	}
	c.out.Resolved++
	return nil
}

// say makes new comments, and returns the remarks that GitHub took nowhere.
func (c *conversation) say(ctx context.Context, remarks []remark) ([]remark, error) {
	slices.SortStableFunc(remarks, func(a, b remark) int {
		return cmp.Or(cmp.Compare(a.anchor.path, b.anchor.path), cmp.Compare(a.anchor.line, b.anchor.line))
	})
	var lines, files, homeless []remark
	for _, r := range remarks {
		if r.anchor.line > 0 {
			lines = append(lines, r)
		} else {
			files = append(files, r)
		}
	}
	refused, err := c.review(ctx, lines)
	if err != nil {
		return nil, err
	}
	for _, r := range append(files, refused...) {
		r.suggestion, r.anchor.line = nil, 0
		err := c.Repository.CreateFileComment(c.about(ctx, r.finding.Fingerprint), c.pull.Number, c.pull.Head.SHA, r.anchor.path, r.signed(c.key()))
		switch {
		case errors.Is(err, github.ErrRejected):
			homeless = append(homeless, r)
		case err != nil:
			return nil, fmt.Errorf("commenting on %s: %w", r.anchor.path, err)
		default:
			c.out.Comments++
		}
	}
	return homeless, nil
}

// review publishes remarks on lines as one review. GitHub refuses a whole
// review for one line that it does not like, and does not say which: halves
// are tried until the refused ones stand alone, and those are returned.
func (c *conversation) review(ctx context.Context, remarks []remark) ([]remark, error) {
	if len(remarks) == 0 {
		return nil, nil
	}
	comments, fingerprints := make([]github.ReviewComment, len(remarks)), make([]string, len(remarks))
	for i, r := range remarks {
		comments[i], fingerprints[i] = r.comment(c.key()), r.finding.Fingerprint
	}
	err := c.Repository.CreateReview(c.about(ctx, fingerprints...), c.pull.Number, c.pull.Head.SHA, comments)
	if err == nil {
		c.out.Comments += len(remarks)
		return nil, nil
	}
	if !errors.Is(err, github.ErrRejected) {
		return nil, err
	}
	if len(remarks) == 1 {
		return remarks, nil
	}
	half := len(remarks) / 2
	first, err := c.review(ctx, remarks[:half])
	if err != nil {
		return nil, err
	}
	second, err := c.review(ctx, remarks[half:])
	return append(slices.Clone(first), second...), err
}
