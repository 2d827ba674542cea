package github

import "context"

// A PullRequest is the live state of one.
type PullRequest struct {
	Number        int
	Title, Body   string
	URL           string // of the page
	Open          bool
	Draft, Merged bool
	Author        string // login; a bot's ends in "[bot]"
	Head, Base    Branch
	Fork          bool // the head is in another repository, or in one that is gone
	DefaultBranch string
	Labels        []string
}

// A Branch is one side of a pull request.
type Branch struct {
	Name       string // such as "main"
	SHA        string
	Repository string // owner/name; "" where the fork is gone
}

// PullRequest reads one pull request.
func (r *Repository) PullRequest(ctx context.Context, number int) (PullRequest, error) {
	panic("to be written")
}

// A File is a file that a pull request changes.
type File struct {
	Path         string
	PreviousPath string // where it is renamed, else ""
	Status       string // added, removed, modified, renamed, copied, changed or unchanged
	Patch        string // its hunks; "" where GitHub shows none: binary or too large
}

// PullRequestFiles lists the changed files, at most the 3000 that GitHub tells of.
func (r *Repository) PullRequestFiles(ctx context.Context, number int) ([]File, error) {
	panic("to be written")
}

// A PullRequestQuery narrows a list; its zero value lists the open ones.
type PullRequestQuery struct {
	Head  string // branch of this repository; "" is any
	Base  string // branch; "" is any
	State string // "open", "closed" or "all"; "" is open
}

// PullRequests lists pull requests, the newest first. Merged is set; Body may be
// of any length.
func (r *Repository) PullRequests(ctx context.Context, query PullRequestQuery) ([]PullRequest, error) {
	panic("to be written")
}

// A NewPullRequest is one to be opened; both branches are this repository's.
type NewPullRequest struct {
	Title, Body string
	Head, Base  string
	Draft       bool
}

// CreatePullRequest opens a pull request: [ErrExists] where Head has one open on
// Base already, [ErrRejected] where a branch is missing or nothing differs.
func (r *Repository) CreatePullRequest(ctx context.Context, pull NewPullRequest) (PullRequest, error) {
	panic("to be written")
}

// A PullRequestUpdate is what to change; nil leaves a field.
type PullRequestUpdate struct {
	Title, Body *string
	Open        *bool
}

// UpdatePullRequest changes a pull request's text, closes or reopens it.
func (r *Repository) UpdatePullRequest(ctx context.Context, number int, update PullRequestUpdate) error {
	panic("to be written")
}

// AddLabels adds labels to a pull request; missing ones are made.
func (r *Repository) AddLabels(ctx context.Context, number int, labels ...string) error {
	panic("to be written")
}

// RequestReviewers asks users (logins) and teams (slugs) for a review. One that
// may not review makes the whole call [ErrRejected].
func (r *Repository) RequestReviewers(ctx context.Context, number int, users, teams []string) error {
	panic("to be written")
}
