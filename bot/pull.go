package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review"
)

// pull reviews a pull request as it is now.
func (s *site) pull(ctx context.Context, number int, asked bool) error {
	return s.live(ctx, func() error {
		// Pull requests are never deleted: one that is not found is of a
		// repository that just went, which the next try sees, or the token is
		// so new that not all of GitHub knows it.
		pull, err := s.repo.PullRequest(ctx, number)
		if err != nil {
			return err
		}
		if !pull.Open || pull.Draft {
			return nil
		}
		job, err := s.pullJob(ctx, pull)
		if err != nil {
			return err
		}
		report, err := s.review(ctx, job)
		if err != nil {
			return fmt.Errorf("reviewing pull request %d: %w", number, err)
		}
		if own(pull) { // its fixes are proved: a check run says enough
			_, err := s.publisher.Commit(ctx, report)
			return err
		}
		out, err := s.publisher.PullRequest(ctx, number, report, asked)
		if err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "reviewed", "job", s.key.String(), "head", job.Head.Commit,
			"overlays", len(report.Overlays), "findings", len(report.Findings), "comments", out.Comments, "resolved", out.Resolved)
		return nil
	})
}

// pullJob fetches a pull request: its head, where it left its base, and the
// default branch, whose configuration counts.
func (s *site) pullJob(ctx context.Context, pull github.PullRequest) (review.Job, error) {
	head, base, main := fmt.Sprintf("refs/pull/%d/head", pull.Number), "refs/heads/"+pull.Base.Name, "refs/heads/"+pull.DefaultBranch
	at, err := s.fetch(ctx, head, base, main)
	if err != nil {
		return review.Job{}, err
	}
	fork, err := s.mirror.MergeBase(at[head], at[base])
	if err != nil {
		return review.Job{}, fmt.Errorf("where pull request %d left %s: %w", pull.Number, pull.Base.Name, err)
	}
	defaults, err := s.defaults(ctx)
	if err != nil {
		return review.Job{}, err
	}
	return review.Job{
		Head: s.commit(at[head]), Base: s.commit(fork), Config: s.commit(at[main]), Defaults: defaults,
		Fork: pull.Fork,
		Fix:  !own(pull), // no fixes of fixes
	}, nil
}

// own reports whether a pull request is the bot's: nobody else's are from its branches.
func own(pull github.PullRequest) bool {
	return strings.HasPrefix(pull.Head.Name, github.BranchPrefix) && !pull.Fork
}

// mergeGroup reviews a commit of a merge queue against the default branch.
func (s *site) mergeGroup(ctx context.Context, sha string) error {
	info, err := s.repo.Info(ctx)
	if err != nil {
		return err
	}
	main := "refs/heads/" + info.DefaultBranch
	at, err := s.fetch(ctx, main, sha)
	if errors.Is(err, mirror.ErrNoRef) {
		return nil // the group was dissolved meanwhile
	}
	if err != nil {
		return err
	}
	fork, err := s.mirror.MergeBase(sha, at[main])
	if err != nil {
		return fmt.Errorf("where merge group %s left %s: %w", sha, info.DefaultBranch, err)
	}
	defaults, err := s.defaults(ctx)
	if err != nil {
		return err
	}
	report, err := s.review(ctx, review.Job{Head: s.commit(sha), Base: s.commit(fork), Config: s.commit(at[main]), Defaults: defaults})
	if err != nil {
		return fmt.Errorf("reviewing merge group %s: %w", sha, err)
	}
	_, err = s.publisher.Commit(ctx, report)
	return err
}
