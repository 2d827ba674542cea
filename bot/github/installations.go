package github

import (
	"context"
	"fmt"
	"maps"

	gh "github.com/google/go-github/v60/github"
)

// An Installation is an account that installed the App.
type Installation struct {
	ID        int64
	Account   string // login of the user or organisation
	Suspended bool
	Mode      Mode
}

// A Mode is how much an installation lets the App do.
type Mode int

const (
	// Report is reading, reviews and check runs; no commits, no resolving of threads.
	Report Mode = iota
	// Fix is writing contents too.
	Fix
)

func (m Mode) String() string {
	if m == Fix {
		return "fix"
	}
	return "report"
}

// Installations lists who installed the App, suspended ones included.
func (a *App) Installations(ctx context.Context) ([]Installation, error) {
	found, err := pages(func(page gh.ListOptions) ([]*gh.Installation, *gh.Response, error) {
		return a.client.Apps.ListInstallations(ctx, &page)
	})
	if err != nil {
		return nil, failed("listing the App's installations", err)
	}
	installations := make([]Installation, len(found))
	for i, f := range found {
		installations[i] = installation(f)
	}
	return installations, nil
}

// Installation reads one installation, [ErrNotFound] where the App was uninstalled.
func (a *App) Installation(ctx context.Context, id int64) (Installation, error) {
	found, _, err := a.client.Apps.GetInstallation(ctx, id)
	if err != nil {
		return Installation{}, failed(fmt.Sprintf("reading installation %d", id), err)
	}
	return installation(found), nil
}

// InstallationOf finds the installation that covers a repository, [ErrNotFound] where none does.
func (a *App) InstallationOf(ctx context.Context, owner, name string) (Installation, error) {
	found, _, err := a.client.Apps.FindRepositoryInstallation(ctx, owner, name)
	if err != nil {
		return Installation{}, failed(fmt.Sprintf("finding the installation of %s/%s", owner, name), err)
	}
	return installation(found), nil
}

func installation(f *gh.Installation) Installation {
	i := Installation{ID: f.GetID(), Account: f.GetAccount().GetLogin(), Suspended: f.SuspendedAt != nil}
	if f.GetPermissions().GetContents() == "write" {
		i.Mode = Fix
	}
	return i
}

// InstallationRepositories lists the repositories that an installation covers.
// Its token is the one that names no repository, and can do nothing but list them.
func (a *App) InstallationRepositories(ctx context.Context, installation int64) ([]Info, error) {
	client := a.grantClient(grant{installation: installation, level: listing})
	found, err := pages(func(page gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		list, answer, err := client.Apps.ListRepos(ctx, &page)
		if err != nil {
			return nil, answer, err
		}
		return list.Repositories, answer, nil
	})
	if err != nil {
		return nil, failed(fmt.Sprintf("listing the repositories of installation %d", installation), err)
	}
	infos := make([]Info, len(found))
	for i, f := range found {
		infos[i] = info(f)
	}
	return infos, nil
}

// Forget drops the tokens and the remembered answers of an installation that is gone.
func (a *App) Forget(installation int64) {
	a.mu.Lock()
	maps.DeleteFunc(a.tokens, func(g grant, _ *token) bool { return g.installation == installation })
	a.mu.Unlock()
	a.cache.forget(installation)
}

// pages calls list for page after page of a hundred and returns all of them.
func pages[T any](list func(gh.ListOptions) ([]T, *gh.Response, error)) ([]T, error) {
	var all []T
	page := gh.ListOptions{PerPage: 100}
	for {
		found, answer, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if answer.NextPage == 0 {
			return all, nil
		}
		page.Page = answer.NextPage
	}
}
