package github

import "context"

// BranchPrefix is where the App may write: branches whose name begins so.
const BranchPrefix = "kustodian/"

// BranchHead returns the commit that a branch points to, [ErrNotFound] where
// there is no such branch.
func (r *Repository) BranchHead(ctx context.Context, branch string) (string, error) {
	panic("to be written")
}

// CreateBranch makes a branch at a commit: [ErrExists] where there is one,
// [ErrRefused] where its name does not begin with [BranchPrefix].
func (r *Repository) CreateBranch(ctx context.Context, branch, sha string) error {
	panic("to be written")
}

// DeleteBranch deletes a branch; one that is gone already is no error.
func (r *Repository) DeleteBranch(ctx context.Context, branch string) error {
	panic("to be written")
}

// A Commit is one to be made on a branch.
type Commit struct {
	Branch  string // begins with [BranchPrefix]
	Head    string // the commit that the branch points to, as the caller knows it
	Message string // headline, and after an empty line the body
	Changes []Change
}

// A Change is one file of a commit.
type Change struct {
	Path    string
	Content []byte // all of it; an existing file keeps its mode
	Delete  bool
}

// CommitOnBranch makes a commit that GitHub signs, and returns its id. It is
// [ErrStale], and nothing is written, where the branch no longer points to Head.
func (r *Repository) CommitOnBranch(ctx context.Context, commit Commit) (string, error) {
	panic("to be written")
}
