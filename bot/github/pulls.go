package github

import (
	"context"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// A PullRequest is the live state of one.
type PullRequest struct {
	Number        int
	Title, Body   string
	Open          bool
	Draft, Merged bool
	Author        string // login; a bot's ends in "[bot]"
	Head, Base    Branch
	Fork          bool // the head is in another repository, or in one that is gone
	DefaultBranch string
}

// A Branch is one side of a pull request.
type Branch struct {
	Name string // such as "main"
	SHA  string
}

// PullRequest reads one pull request.
func (r *Repository) PullRequest(ctx context.Context, number int) (PullRequest, error) {
	found, _, err := r.clients[reading].PullRequests.Get(ctx, r.owner, r.name, number)
	if err != nil {
		return PullRequest{}, failed("reading "+r.pull(number), err)
	}
	return pullRequest(found), nil
}

// pull names a pull request in errors.
func (r *Repository) pull(number int) string { return fmt.Sprintf("%s#%d", r, number) }

func pullRequest(f *gh.PullRequest) PullRequest {
	return PullRequest{
		Number: f.GetNumber(), Title: f.GetTitle(), Body: f.GetBody(),
		Open: f.GetState() == "open", Draft: f.GetDraft(), Merged: f.GetMerged() || f.MergedAt != nil,
		Author: f.GetUser().GetLogin(), Head: branch(f.GetHead()), Base: branch(f.GetBase()),
		Fork:          !strings.EqualFold(f.GetHead().GetRepo().GetFullName(), f.GetBase().GetRepo().GetFullName()),
		DefaultBranch: f.GetBase().GetRepo().GetDefaultBranch(),
	}
}

func branch(f *gh.PullRequestBranch) Branch { return Branch{Name: f.GetRef(), SHA: f.GetSHA()} }

// A File is a file that a pull request changes.
type File struct {
	Path  string
	Patch string // its hunks; "" where GitHub shows none: binary or too large
}

// PullRequestFiles lists the changed files, at most the 3000 that GitHub tells of.
func (r *Repository) PullRequestFiles(ctx context.Context, number int) ([]File, error) {
	found, err := pages(func(page gh.ListOptions) ([]*gh.CommitFile, *gh.Response, error) {
		return r.clients[reading].PullRequests.ListFiles(ctx, r.owner, r.name, number, &page)
	})
	if err != nil {
		return nil, failed("listing the files of "+r.pull(number), err)
	}
	files := make([]File, len(found))
	for i, f := range found {
		files[i] = File{Path: f.GetFilename(), Patch: f.GetPatch()}
	}
	return files, nil
}

// A PullRequestQuery narrows a list; its zero value lists the open ones.
type PullRequestQuery struct {
	Head  string // branch of this repository; "" is any
	Base  string // branch; "" is any
	State string // "open", "closed" or "all"; "" is open
}

// PullRequests lists pull requests, the newest first.
func (r *Repository) PullRequests(ctx context.Context, query PullRequestQuery) ([]PullRequest, error) {
	options := gh.PullRequestListOptions{State: query.State, Base: query.Base}
	if query.Head != "" {
		options.Head = r.owner + ":" + query.Head
	}
	found, err := pages(func(page gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		options.ListOptions = page
		return r.clients[reading].PullRequests.List(ctx, r.owner, r.name, &options)
	})
	if err != nil {
		return nil, failed("listing the pull requests of "+r.String(), err)
	}
	pulls := make([]PullRequest, len(found))
	for i, f := range found {
		pulls[i] = pullRequest(f)
	}
	return pulls, nil
}

// A NewPullRequest is one to be opened; both branches are this repository's.
type NewPullRequest struct {
	Title, Body string
	Head, Base  string
}

// CreatePullRequest opens a pull request: [ErrExists] where Head has one open on
// Base already, [ErrRejected] where a branch is missing or nothing differs.
func (r *Repository) CreatePullRequest(ctx context.Context, pull NewPullRequest) (PullRequest, error) {
	made, _, err := r.clients[writing].PullRequests.Create(ctx, r.owner, r.name, &gh.NewPullRequest{
		Title: &pull.Title, Body: &pull.Body, Head: &pull.Head, Base: &pull.Base,
	})
	if err != nil {
		return PullRequest{}, failed(fmt.Sprintf("opening a pull request of %s into %s of %s", pull.Head, pull.Base, r), err)
	}
	return pullRequest(made), nil
}

// A PullRequestUpdate is what to change; nil leaves a field.
type PullRequestUpdate struct {
	Title, Body *string
	Open        *bool
}

// UpdatePullRequest changes a pull request's text, closes or reopens it.
func (r *Repository) UpdatePullRequest(ctx context.Context, number int, update PullRequestUpdate) error {
	change := &gh.PullRequest{Title: update.Title, Body: update.Body}
	if update.Open != nil {
		change.State = new("closed")
		if *update.Open {
			change.State = new("open")
		}
	}
	_, _, err := r.clients[reporting].PullRequests.Edit(ctx, r.owner, r.name, number, change)
	if err != nil {
		return failed("updating "+r.pull(number), err)
	}
	return nil
}

// AddLabels adds labels to a pull request; missing ones are made.
func (r *Repository) AddLabels(ctx context.Context, number int, labels ...string) error {
	_, _, err := r.clients[reporting].Issues.AddLabelsToIssue(ctx, r.owner, r.name, number, labels)
	if err != nil {
		return failed("labelling "+r.pull(number), err)
	}
	return nil
}

// RequestReviewers asks users (logins) and teams (slugs) for a review. One that
// may not review makes the whole call [ErrRejected].
func (r *Repository) RequestReviewers(ctx context.Context, number int, users, teams []string) error {
	_, _, err := r.clients[reporting].PullRequests.RequestReviewers(ctx, r.owner, r.name, number,
		gh.ReviewersRequest{Reviewers: users, TeamReviewers: teams})
	if err != nil {
		return failed("asking for reviews of "+r.pull(number), err)
	}
	return nil
}
