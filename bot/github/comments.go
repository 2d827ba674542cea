package github

import (
	"context"
	"fmt"

	gh "github.com/google/go-github/v60/github"
)

// A Comment is one that was made, on a line or on the conversation.
type Comment struct {
	ID     int64
	Author string // login; a bot's ends in "[bot]"; "" where the account is gone
	Body   string
}

// IssueComments lists the comments on a pull request's conversation, the oldest first.
func (r *Repository) IssueComments(ctx context.Context, number int) ([]Comment, error) {
	found, err := pages(func(page gh.ListOptions) ([]*gh.IssueComment, *gh.Response, error) {
		return r.clients[reading].Issues.ListComments(ctx, r.owner, r.name, number, &gh.IssueListCommentsOptions{ListOptions: page})
	})
	if err != nil {
		return nil, failed("listing the conversation of "+r.pull(number), err)
	}
	comments := make([]Comment, len(found))
	for i, f := range found {
		comments[i] = Comment{ID: f.GetID(), Author: f.GetUser().GetLogin(), Body: f.GetBody()}
	}
	return comments, nil
}

// React adds a reaction to a comment on a conversation: "eyes", "+1", "-1",
// "confused", "rocket", "hooray", "heart" or "laugh". Adding it twice is once.
func (r *Repository) React(ctx context.Context, comment int64, reaction string) error {
	_, _, err := r.clients[reporting].Reactions.CreateIssueCommentReaction(ctx, r.owner, r.name, comment, reaction)
	if err != nil {
		return failed(fmt.Sprintf("reacting to comment %d of %s", comment, r), err)
	}
	return nil
}
