package github

import "context"

// A Repository is one repository seen through one installation. Its calls
// return [*LimitError] at a rate limit, [ErrNotFound] for what is not there or
// not shown to the App, and else an [*Error] with GitHub's words. It is safe for
// concurrent use.
type Repository struct{}

// Info describes a repository.
type Info struct {
	ID            int64
	Owner, Name   string
	DefaultBranch string
	CloneURL      string // https, without credentials
	Private       bool
	Archived      bool
	Fork          bool
}

// Info reads the repository's description.
func (r *Repository) Info(ctx context.Context) (Info, error) { panic("to be written") }

// Mode tells what the installation grants now.
func (r *Repository) Mode(ctx context.Context) (Mode, error) { panic("to be written") }

// GitToken returns a token that can read this repository's contents for at
// least five minutes; the user of git's basic authentication is "x-access-token".
func (r *Repository) GitToken(ctx context.Context) (string, error) { panic("to be written") }

// Permission returns what a user may do in the repository: "admin", "write", "read" or "none".
func (r *Repository) Permission(ctx context.Context, user string) (string, error) {
	panic("to be written")
}

// Contents returns the bytes of a file at a branch, tag or commit; "" is the
// default branch. A folder or link is [ErrNotFound], more than 1 MB an error.
func (r *Repository) Contents(ctx context.Context, path, ref string) ([]byte, error) {
	panic("to be written")
}
