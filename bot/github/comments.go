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
	Bot    bool
	Body   string
	URL    string
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
		comments[i] = issueComment(f)
	}
	return comments, nil
}

func issueComment(f *gh.IssueComment) Comment {
	return Comment{ID: f.GetID(), Author: f.GetUser().GetLogin(), Bot: isBot(f.GetUser()), Body: f.GetBody(), URL: f.GetHTMLURL()}
}

func isBot(u *gh.User) bool { return u.GetType() == "Bot" }

// CreateIssueComment adds a comment to a pull request's conversation.
func (r *Repository) CreateIssueComment(ctx context.Context, number int, body string) (Comment, error) {
	made, _, err := r.clients[reporting].Issues.CreateComment(ctx, r.owner, r.name, number, &gh.IssueComment{Body: &body})
	if err != nil {
		return Comment{}, failed("commenting on "+r.pull(number), err)
	}
	return issueComment(made), nil
}

// UpdateIssueComment replaces the body of a comment on a conversation.
func (r *Repository) UpdateIssueComment(ctx context.Context, comment int64, body string) error {
	_, _, err := r.clients[reporting].Issues.EditComment(ctx, r.owner, r.name, comment, &gh.IssueComment{Body: &body})
	if err != nil {
		return failed(fmt.Sprintf("updating comment %d of %s", comment, r), err)
	}
	return nil
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
