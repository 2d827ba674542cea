package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
)

// fix offers those fixes of a pull request that no suggestion expresses as a
// pull request onto its head branch. Once there is one, it is kept up to date
// whatever the configuration says. With asked, somebody wants what was turned
// down before, too.
func (c *conversation) fix(ctx context.Context, open []review.ProvedFix, asked bool) error {
	if !c.mayFix(c.pull, c.report) {
		return nil
	}
	offer := offer{
		Publisher: c.Publisher, report: c.report, fixes: open, again: asked,
		branch: fmt.Sprintf("%sfix-pr-%d", github.BranchPrefix, c.pull.Number),
		base:   c.pull.Head.Name, baseSHA: c.pull.Head.SHA,
		title: fmt.Sprintf("Fix what #%d brings", c.pull.Number),
		intro: fmt.Sprintf("Fixes for #%d, to be merged into its branch %s.", c.pull.Number, code(c.pull.Head.Name)),
	}
	if err := offer.read(ctx); err != nil {
		return err
	}
	if c.report.Config.PullRequests.Mode != config.Automatic && !asked && offer.open == nil {
		return nil
	}
	return offer.publish(ctx, c.out)
}

// mayFix reports whether fixes of a pull request may become one: not those of
// a fork, which we cannot write to, and not those of our own fixes.
func (p *Publisher) mayFix(pull github.PullRequest, report *review.Report) bool {
	ownWork := pull.Author == p.Login && strings.HasPrefix(pull.Head.Name, github.BranchPrefix)
	return p.Mode == github.Fix && !pull.Fork && !ownWork && report.Config.PullRequests.Mode != config.Never
}

// An offer is one pull request of fixes: the same branch for ever, each time
// brought up to date.
type offer struct {
	*Publisher
	report       *review.Report
	fixes        []review.ProvedFix
	branch, base string
	baseSHA      string
	title, intro string
	owners       []string // who is asked for a review, as CODEOWNERS names them
	// again offers what somebody turned down before, too.
	again bool

	open *github.PullRequest // ours, if there is one
	note fixNote             // what our newest one says of itself, open or not
}

// read finds the pull requests that we opened for the branch, and leaves out
// the fixes that somebody closed one of them over.
func (o *offer) read(ctx context.Context) error {
	pulls, err := o.Repository.PullRequests(ctx, github.PullRequestQuery{Head: o.branch, State: "all"})
	if err != nil {
		return fmt.Errorf("reading the pull requests of %s: %w", o.branch, err)
	}
	turnedDown := map[string]bool{}
	for i, pull := range pulls {
		if pull.Author != o.Login {
			continue
		}
		note := readNote(o.key(), pull.Body)
		if o.note.commit == "" {
			o.note = note
		}
		switch {
		case pull.Open && o.open == nil:
			o.open = &pulls[i]
		case !pull.Open && !pull.Merged:
			for _, fingerprint := range note.fingerprints {
				turnedDown[fingerprint] = true
			}
		}
	}
	if !o.again {
		o.fixes = slices.DeleteFunc(slices.Clone(o.fixes), func(f review.ProvedFix) bool {
			return !slices.ContainsFunc(f.Fingerprints, func(fingerprint string) bool { return !turnedDown[fingerprint] })
		})
	}
	return nil
}

// publish brings branch and pull request up to date. A branch with somebody
// else's commit is left as it is.
func (o *offer) publish(ctx context.Context, out *Outcome) error {
	if len(o.fixes) == 0 {
		return o.withdraw(ctx)
	}
	files, err := applied(o.fixes)
	if err != nil {
		return err
	}
	ctx = o.about(ctx, o.fingerprints()...)
	commit, err := o.commit(ctx, files)
	if errors.Is(err, errTouched) {
		if o.open != nil {
			out.Fixes = append(out.Fixes, o.open.Number)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("committing fixes to %s: %w", o.branch, err)
	}
	number, err := o.describe(ctx, commit)
	if err != nil {
		return fmt.Errorf("opening the pull request of %s: %w", o.branch, err)
	}
	out.Fixes = append(out.Fixes, number)
	return nil
}

// fingerprints are the findings that the fixes put right.
func (o *offer) fingerprints() []string {
	var out []string
	for _, fix := range o.fixes {
		out = append(out, fix.Fingerprints...)
	}
	return out
}

// describe opens the pull request, or brings its text up to date.
func (o *offer) describe(ctx context.Context, commit string) (int, error) {
	note := fixNote{commit: commit, opened: o.now(), fingerprints: o.fingerprints()}
	if o.open != nil {
		note.opened = o.note.opened
	}
	body := fixBody(o.intro, o.fixes, o.report, note.marker(o.key()))
	if o.open != nil {
		if strings.TrimSpace(o.open.Body) == strings.TrimSpace(body) && o.open.Title == o.title {
			return o.open.Number, nil
		}
		return o.open.Number, o.Repository.UpdatePullRequest(ctx, o.open.Number, github.PullRequestUpdate{Title: &o.title, Body: &body})
	}
	pull, err := o.Repository.CreatePullRequest(ctx, github.NewPullRequest{Title: o.title, Body: body, Head: o.branch, Base: o.base})
	if err != nil {
		return 0, err
	}
	return pull.Number, o.introduce(ctx, pull.Number)
}

// introduce labels a new pull request and asks for its review. Owners who may
// not review are no reason to go without.
func (o *offer) introduce(ctx context.Context, number int) error {
	if labels := o.report.Config.PullRequests.Labels; len(labels) > 0 {
		if err := o.Repository.AddLabels(ctx, number, labels...); err != nil {
			return fmt.Errorf("labelling pull request %d: %w", number, err)
		}
	}
	users, teams := reviewers(o.owners)
	if o.report.Config.PullRequests.Reviewers != "codeowners" || len(users)+len(teams) == 0 {
		return nil
	}
	err := o.Repository.RequestReviewers(ctx, number, users, teams)
	if err != nil && !errors.Is(err, github.ErrRejected) {
		return fmt.Errorf("asking for a review of pull request %d: %w", number, err)
	}
	return nil
}

// withdraw closes a pull request whose findings are gone, if nobody else
// worked on it. Its note is emptied first: nobody turned anything down.
func (o *offer) withdraw(ctx context.Context) error {
	if o.open == nil {
		return nil
	}
	head, err := o.Repository.BranchHead(ctx, o.branch)
	if err != nil && !errors.Is(err, github.ErrNotFound) {
		return fmt.Errorf("reading branch %s: %w", o.branch, err)
	}
	if head != o.note.commit {
		return nil
	}
	body := "What this fixed is gone, so there is nothing left to merge.\n\n" + fixNote{commit: head, opened: o.note.opened}.marker(o.key())
	closed := false
	if err := o.Repository.UpdatePullRequest(ctx, o.open.Number, github.PullRequestUpdate{Body: &body, Open: &closed}); err != nil {
		return fmt.Errorf("closing pull request %d: %w", o.open.Number, err)
	}
	if err := o.Repository.DeleteBranch(ctx, o.branch); err != nil {
		return fmt.Errorf("deleting branch %s: %w", o.branch, err)
	}
	return nil
}
