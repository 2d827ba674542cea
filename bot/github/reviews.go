package github

import (
	"context"
	"fmt"

	gh "github.com/google/go-github/v60/github"
)

// A ReviewComment is a comment to be made at lines of the diff's new side.
type ReviewComment struct {
	Path      string
	Line      int // the last line it is about
	StartLine int // the first, where it is about several; else 0
	Body      string
}

// CreateReview publishes one review that approves and refuses nothing, with its
// comments. One comment off the diff makes the whole review [ErrRejected], and
// nothing is stored.
func (r *Repository) CreateReview(ctx context.Context, number int, commit string, comments []ReviewComment) error {
	review := &gh.PullRequestReviewRequest{CommitID: &commit, Event: new("COMMENT")}
	for _, c := range comments {
		draft := &gh.DraftReviewComment{Path: &c.Path, Line: &c.Line, Side: new("RIGHT"), Body: &c.Body}
		if c.StartLine != 0 && c.StartLine != c.Line { // GitHub refuses a start that is the end
			draft.StartLine, draft.StartSide = &c.StartLine, draft.Side
		}
		review.Comments = append(review.Comments, draft)
	}
	if _, _, err := r.clients[reporting].PullRequests.CreateReview(ctx, r.owner, r.name, number, review); err != nil {
		return failed("creating a review of "+r.pull(number), err)
	}
	return nil
}

// CreateFileComment makes a comment on a file that the pull request changes.
func (r *Repository) CreateFileComment(ctx context.Context, number int, commit, path, body string) error {
	comment := &gh.PullRequestComment{CommitID: &commit, Path: &path, SubjectType: new("file"), Body: &body}
	if _, _, err := r.clients[reporting].PullRequests.CreateComment(ctx, r.owner, r.name, number, comment); err != nil {
		return failed(fmt.Sprintf("commenting on %s of %s", path, r.pull(number)), err)
	}
	return nil
}

// UpdateComment replaces the body of a comment at a line or file.
func (r *Repository) UpdateComment(ctx context.Context, comment int64, body string) error {
	_, _, err := r.clients[reporting].PullRequests.EditComment(ctx, r.owner, r.name, comment, &gh.PullRequestComment{Body: &body})
	if err != nil {
		return failed(fmt.Sprintf("updating review comment %d of %s", comment, r), err)
	}
	return nil
}
