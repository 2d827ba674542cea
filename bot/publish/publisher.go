package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/review"
)

// A Publisher tells one repository what reviews of it found.
type Publisher struct {
	Repository *github.Repository
	// Owner and Name are the repository's.
	Owner, Name string
	// Login is the App's own name as an author: only what it wrote is ours.
	Login string
	// Key signs the hidden markers. Each repository needs a key of its own, the
	// same one for ever.
	Key []byte
	// Mode is what the installation grants: in [github.Report] threads are not
	// resolved and nothing is committed, and the check run says so.
	Mode github.Mode
	// Audit says who asked and by which delivery; each write adds the
	// fingerprints it is about. The zero Audit leaves that of the context as it is.
	Audit github.Audit
	// Now tells the time; nil is [time.Now].
	Now func() time.Time
}

// A MovedError says that the commit that was reviewed is no longer the head,
// so that nothing was published. Whoever works on the live state comes next.
type MovedError struct {
	What           string // such as "pull request 7" or "branch main"
	Reviewed, Live string // commits; Live is "" where a pull request is closed
}

func (e *MovedError) Error() string {
	if e.Live == "" {
		return e.What + " is closed"
	}
	return fmt.Sprintf("head of %s moved from %s to %s since it was reviewed", e.What, e.Reviewed, e.Live)
}

// An Outcome is what publishing changed on GitHub. Its zero value is nothing.
type Outcome struct {
	Comments int // that were made, on lines and files
	Edited   int // comments
	Resolved int // threads
	Reopened int // threads
	// CheckRun is set where a check run was written.
	CheckRun bool
	// Fixes are the numbers of the pull requests of fixes that stand open.
	Fixes []int
}

// PullRequest publishes the report of a pull request: its review, its fixes,
// its check run. With asked, somebody with the right to write asked for fixes.
//
// It returns a [*MovedError], and has written nothing, where the head is no
// longer the one that was reviewed. Any other error may leave a part
// unwritten, which the next call adds.
func (p *Publisher) PullRequest(ctx context.Context, number int, report *review.Report, asked bool) (Outcome, error) {
	var out Outcome
	files, err := p.Repository.PullRequestFiles(ctx, number)
	if err != nil {
		return out, fmt.Errorf("reading the files of pull request %d: %w", number, err)
	}
	d := newDiff(files)
	threads, err := p.Repository.Threads(ctx, number)
	if err != nil {
		return out, fmt.Errorf("reading the threads of pull request %d: %w", number, err)
	}
	// Last, so that nothing that was read is older than the head that it shows.
	pull, err := p.live(ctx, number, report)
	if err != nil {
		return out, err
	}
	remarks, open := d.remarks(report, p.offered(pull, report))
	talk := conversation{Publisher: p, pull: pull, report: report, out: &out, said: p.said(threads)}
	rest, err := talk.publish(ctx, remarks)
	if err != nil {
		return out, fmt.Errorf("reviewing pull request %d: %w", number, err)
	}
	var unsaid []review.Finding
	for _, r := range rest {
		unsaid = append(unsaid, r.finding)
		if r.suggestion != nil {
			open = append(open, report.Fixes[r.finding.ProvedFix])
		}
	}
	fixErr := talk.fix(ctx, open, asked)
	var limit *github.LimitError
	if errors.As(fixErr, &limit) {
		return out, fixErr
	}
	// A pull request that fails to open does not keep the verdict back.
	err = errors.Join(fixErr, talk.verdict(ctx, unsaid, open))
	return out, err
}

// verdict writes the check run of a pull request: what no comment says, and
// for a fork, which gets no pull request of fixes, the open fixes as a patch.
func (c *conversation) verdict(ctx context.Context, unsaid []review.Finding, open []review.ProvedFix) error {
	patch := ""
	if c.pull.Fork {
		patch = patchText(open)
	}
	id := fmt.Sprintf("%s/%s#%d@%s", c.Owner, c.Name, c.pull.Number, c.pull.Head.SHA)
	return c.check(ctx, id, c.report, checkText(unsaid, patch), c.out)
}

// live reads the pull request, and stops where its head is not the reviewed one.
func (p *Publisher) live(ctx context.Context, number int, report *review.Report) (github.PullRequest, error) {
	pull, err := p.Repository.PullRequest(ctx, number)
	if err != nil {
		return pull, fmt.Errorf("reading pull request %d: %w", number, err)
	}
	moved := &MovedError{What: fmt.Sprintf("pull request %d", number), Reviewed: report.Job.Head.Commit, Live: pull.Head.SHA}
	if !pull.Open {
		moved.Live = ""
		return pull, moved
	}
	if pull.Head.SHA != report.Job.Head.Commit {
		return pull, moved
	}
	return pull, nil
}

// Commit publishes the report of a commit that no pull request is asked
// about, such as a merge queue's: a check run.
func (p *Publisher) Commit(ctx context.Context, report *review.Report) (Outcome, error) {
	var out Outcome
	id := fmt.Sprintf("%s/%s@%s", p.Owner, p.Name, report.Job.Head.Commit)
	err := p.check(ctx, id, report, checkText(bySeverity(report), ""), &out)
	return out, err
}

// about is a context for writes about findings.
func (p *Publisher) about(ctx context.Context, fingerprints ...string) context.Context {
	if p.Audit.Requester == "" && p.Audit.Delivery == "" {
		return ctx
	}
	audit := p.Audit
	audit.Fingerprints = fingerprints
	return github.WithAudit(ctx, audit)
}

func (p *Publisher) key() key { return key(p.Key) }

func (p *Publisher) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}
