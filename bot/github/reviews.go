package github

import (
	"context"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v60/github"
)

// MaxBody is how long a comment or the body of a pull request may be, in
// characters, with a margin below GitHub's 65,536.
const MaxBody = 60_000

// Sides of a diff, in [ReviewComment].Side.
const (
	Left  = "LEFT"
	Right = "RIGHT"
)

// A ReviewComment is a comment to be made at lines of the diff.
type ReviewComment struct {
	Path      string
	Line      int    // the last line it is about
	StartLine int    // the first, where it is about several; else 0
	Side      string // [Left] or [Right]; "" is Right
	Body      string
}

// CreateReview publishes one review that approves and refuses nothing, with its
// comments. One comment off the diff makes the whole review [ErrRejected], and
// nothing is stored. Returns the review's id.
func (r *Repository) CreateReview(ctx context.Context, number int, commit, body string, comments []ReviewComment) (int64, error) {
	review := &gh.PullRequestReviewRequest{CommitID: &commit, Body: &body, Event: gh.String("COMMENT")}
	for _, c := range comments {
		draft := &gh.DraftReviewComment{Path: &c.Path, Line: &c.Line, Side: gh.String(c.side()), Body: &c.Body}
		if c.several() {
			draft.StartLine, draft.StartSide = &c.StartLine, draft.Side
		}
		review.Comments = append(review.Comments, draft)
	}
	made, _, err := r.clients[reporting].PullRequests.CreateReview(ctx, r.owner, r.name, number, review)
	if err != nil {
		return 0, failed("creating a review of "+r.pull(number), err)
	}
	return made.GetID(), nil
}

func (c ReviewComment) side() string {
	if c.Side == "" {
		return Right
	}
	return c.Side
}

// several tells whether the comment is about more than one line; GitHub
// refuses a start that is the end.
func (c ReviewComment) several() bool { return c.StartLine != 0 && c.StartLine != c.Line }

// CreateComment makes one comment at lines of the diff; off the diff it is [ErrRejected].
func (r *Repository) CreateComment(ctx context.Context, number int, commit string, comment ReviewComment) (Comment, error) {
	draft := &gh.PullRequestComment{
		CommitID: &commit, Path: &comment.Path, Line: &comment.Line, Side: gh.String(comment.side()), Body: &comment.Body,
	}
	if comment.several() {
		draft.StartLine, draft.StartSide = &comment.StartLine, draft.Side
	}
	return r.createComment(ctx, number, draft)
}

// CreateFileComment makes a comment on a file that the pull request changes.
func (r *Repository) CreateFileComment(ctx context.Context, number int, commit, path, body string) (Comment, error) {
	return r.createComment(ctx, number, &gh.PullRequestComment{
		CommitID: &commit, Path: &path, SubjectType: gh.String("file"), Body: &body,
	})
}

func (r *Repository) createComment(ctx context.Context, number int, draft *gh.PullRequestComment) (Comment, error) {
	made, _, err := r.clients[reporting].PullRequests.CreateComment(ctx, r.owner, r.name, number, draft)
	if err != nil {
		return Comment{}, failed(fmt.Sprintf("commenting on %s of %s", draft.GetPath(), r.pull(number)), err)
	}
	return lineComment(made), nil
}

func lineComment(f *gh.PullRequestComment) Comment {
	return Comment{ID: f.GetID(), Author: f.GetUser().GetLogin(), Bot: isBot(f.GetUser()), Body: f.GetBody(), URL: f.GetHTMLURL()}
}

// UpdateComment replaces the body of a comment at a line or file.
func (r *Repository) UpdateComment(ctx context.Context, comment int64, body string) error {
	_, _, err := r.clients[reporting].PullRequests.EditComment(ctx, r.owner, r.name, comment, &gh.PullRequestComment{Body: &body})
	if err != nil {
		return failed(fmt.Sprintf("updating review comment %d of %s", comment, r), err)
	}
	return nil
}

// ReplyToComment answers in the thread whose first comment is given.
func (r *Repository) ReplyToComment(ctx context.Context, number int, comment int64, body string) (Comment, error) {
	call := fmt.Sprintf("replying to comment %d of %s", comment, r.pull(number))
	client := r.clients[reporting]
	// go-github's own way leaves out what the endpoint it takes requires.
	req, err := client.NewRequest(http.MethodPost,
		fmt.Sprintf("repos/%s/pulls/%d/comments/%d/replies", r, number, comment), map[string]string{"body": body})
	if err != nil {
		return Comment{}, fmt.Errorf("%s: %w", call, err)
	}
	made := new(gh.PullRequestComment)
	if _, err := client.Do(ctx, req, made); err != nil {
		return Comment{}, failed(call, err)
	}
	return lineComment(made), nil
}
