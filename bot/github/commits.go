package github

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// BranchPrefix is where the App may write: branches whose name begins so.
const BranchPrefix = "kustodian/"

// BranchHead returns the commit that a branch points to, [ErrNotFound] where
// there is no such branch.
func (r *Repository) BranchHead(ctx context.Context, branch string) (string, error) {
	found, _, err := r.clients[reading].Git.GetRef(ctx, r.owner, r.name, "refs/heads/"+branch)
	if err != nil {
		return "", failed(fmt.Sprintf("reading branch %s of %s", branch, r), err)
	}
	return found.GetObject().GetSHA(), nil
}

// CreateBranch makes a branch at a commit: [ErrExists] where there is one,
// [ErrRefused] where its name does not begin with [BranchPrefix].
func (r *Repository) CreateBranch(ctx context.Context, branch, sha string) error {
	ref := &gh.Reference{Ref: new("refs/heads/" + branch), Object: &gh.GitObject{SHA: &sha}}
	if _, _, err := r.clients[writing].Git.CreateRef(ctx, r.owner, r.name, ref); err != nil {
		return failed(fmt.Sprintf("creating branch %s of %s", branch, r), err)
	}
	return nil
}

// DeleteBranch deletes a branch; one that is gone already is no error.
func (r *Repository) DeleteBranch(ctx context.Context, branch string) error {
	_, err := r.clients[writing].Git.DeleteRef(ctx, r.owner, r.name, "refs/heads/"+branch)
	if err == nil {
		return nil
	}
	if err = failed(fmt.Sprintf("deleting branch %s of %s", branch, r), err); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
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

// commitInput is the input of GraphQL's createCommitOnBranch.
type commitInput struct {
	Branch struct {
		RepositoryNameWithOwner string `json:"repositoryNameWithOwner"`
		BranchName              string `json:"branchName"`
	} `json:"branch"`
	ExpectedHeadOid string `json:"expectedHeadOid"`
	Message         struct {
		Headline string `json:"headline"`
		Body     string `json:"body,omitempty"`
	} `json:"message"`
	FileChanges struct {
		Additions []commitFile `json:"additions,omitempty"`
		Deletions []commitFile `json:"deletions,omitempty"`
	} `json:"fileChanges"`
}

type commitFile struct {
	Path     string  `json:"path"`
	Contents *[]byte `json:"contents,omitempty"` // base64 in JSON; nil for a deletion
}

// CommitOnBranch makes a commit that GitHub signs, and returns its id. It is
// [ErrStale], and nothing is written, where the branch no longer points to Head.
func (r *Repository) CommitOnBranch(ctx context.Context, commit Commit) (string, error) {
	var input commitInput
	input.Branch.RepositoryNameWithOwner, input.Branch.BranchName = r.String(), commit.Branch
	input.ExpectedHeadOid = commit.Head
	headline, body, _ := strings.Cut(commit.Message, "\n")
	input.Message.Headline, input.Message.Body = headline, strings.TrimSpace(body)
	for _, change := range commit.Changes {
		if change.Delete {
			input.FileChanges.Deletions = append(input.FileChanges.Deletions, commitFile{Path: change.Path})
			continue
		}
		content := append([]byte{}, change.Content...) // nil would be null in JSON: an empty file is ""
		input.FileChanges.Additions = append(input.FileChanges.Additions, commitFile{Path: change.Path, Contents: &content})
	}
	var answer struct {
		CreateCommitOnBranch struct{ Commit struct{ OID string } }
	}
	call := fmt.Sprintf("committing to %s of %s", commit.Branch, r)
	if err := r.graphql(ctx, writing, call, "commit", map[string]any{"input": input}, &answer); err != nil {
		return "", err
	}
	return answer.CreateCommitOnBranch.Commit.OID, nil
}
