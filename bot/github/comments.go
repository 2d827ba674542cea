package github

import "context"

// IssueComments lists the comments on a pull request's conversation, the oldest first.
func (r *Repository) IssueComments(ctx context.Context, number int) ([]Comment, error) {
	panic("to be written")
}

// IssueComment reads one comment on a conversation, and the number of its pull
// request or issue.
func (r *Repository) IssueComment(ctx context.Context, comment int64) (Comment, int, error) {
	panic("to be written")
}

// CreateIssueComment adds a comment to a pull request's conversation.
func (r *Repository) CreateIssueComment(ctx context.Context, number int, body string) (Comment, error) {
	panic("to be written")
}

// UpdateIssueComment replaces the body of a comment on a conversation.
func (r *Repository) UpdateIssueComment(ctx context.Context, comment int64, body string) error {
	panic("to be written")
}

// React adds a reaction to a comment on a conversation: "eyes", "+1", "-1",
// "confused", "rocket", "hooray", "heart" or "laugh". Adding it twice is once.
func (r *Repository) React(ctx context.Context, comment int64, reaction string) error {
	panic("to be written")
}
