package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	gh "github.com/google/go-github/v60/github"
)

// A Repository is one repository seen through one installation. Its calls
// return [*LimitError] at a rate limit, [ErrNotFound] for what is not there or
// not shown to the App, and else an [*Error] with GitHub's words. It is safe for
// concurrent use.
type Repository struct {
	app          *App
	installation int64
	owner, name  string
	clients      [levels]*gh.Client
}

// String is the repository's owner/name.
func (r *Repository) String() string { return r.owner + "/" + r.name }

// Info describes a repository.
type Info struct {
	Owner, Name   string
	DefaultBranch string
	Archived      bool
}

// Info reads the repository's description.
func (r *Repository) Info(ctx context.Context) (Info, error) {
	found, _, err := r.clients[reading].Repositories.Get(ctx, r.owner, r.name)
	if err != nil {
		return Info{}, failed("reading "+r.String(), err)
	}
	return info(found), nil
}

func info(f *gh.Repository) Info {
	return Info{
		Owner: f.GetOwner().GetLogin(), Name: f.GetName(), DefaultBranch: f.GetDefaultBranch(), Archived: f.GetArchived(),
	}
}

// Mode tells what the installation grants now; a suspended one is [ErrSuspended].
func (r *Repository) Mode(ctx context.Context) (Mode, error) {
	found, err := r.app.Installation(ctx, r.installation)
	if err != nil {
		return Report, err
	}
	if found.Suspended {
		return Report, fmt.Errorf("installation %d: %w", r.installation, ErrSuspended)
	}
	return found.Mode, nil
}

// GitToken returns a token that can read this repository's contents for at
// least five minutes; the user of git's basic authentication is "x-access-token".
func (r *Repository) GitToken(ctx context.Context) (string, error) {
	return r.app.tokenOf(grant{r.installation, r.owner, r.name, reading}).get(ctx)
}

// Permission returns what a user may do in the repository: "admin", "write",
// "read" or "none". Somebody that GitHub does not know may do nothing.
func (r *Repository) Permission(ctx context.Context, user string) (string, error) {
	found, _, err := r.clients[reading].Repositories.GetPermissionLevel(ctx, r.owner, r.name, user)
	if err != nil {
		err = failed(fmt.Sprintf("reading what %s may do in %s", user, r), err)
		if errors.Is(err, ErrNotFound) {
			return "none", nil
		}
		return "", err
	}
	return found.GetPermission(), nil
}

// Contents returns the bytes of a file at a branch, tag or commit; "" is the
// default branch. A folder or link is [ErrNotFound], more than 1 MB an error.
func (r *Repository) Contents(ctx context.Context, path, ref string) ([]byte, error) {
	call := fmt.Sprintf("reading %s of %s", path, r)
	found, _, _, err := r.clients[reading].Repositories.GetContents(ctx, r.owner, r.name, path, &gh.RepositoryContentGetOptions{Ref: ref})
	if err != nil {
		return nil, failed(call, err)
	}
	if found == nil || found.GetType() != "file" {
		return nil, fmt.Errorf("%s: no file: %w", call, ErrNotFound)
	}
	if found.GetEncoding() != "base64" || found.Content == nil {
		return nil, fmt.Errorf("%s: %d bytes are more than GitHub sends", call, found.GetSize())
	}
	raw, err := base64.StdEncoding.DecodeString(*found.Content) // which skips line ends
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	return raw, nil
}
