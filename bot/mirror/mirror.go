// Package mirror keeps bare git mirrors of repositories and opens a commit, or
// a working folder, as a read-only tree. It is the only package that imports go-git.
//
// A mirror has the whole history and never a work tree: what a stranger
// pushed is only ever read object by object, and no path of it meets the disk.
// A fetch is never limited in depth, since go-git then leaves holes in what
// an unlimited one fetched before. Each tree opens the repository anew, since
// go-git's repositories are for one goroutine, reading among that.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// ErrNoRef is the error where the repository has not what was to be fetched.
var ErrNoRef = errors.New("the repository has no such reference")

// A Mirror is a bare mirror of one repository with its history. Its methods
// may be called at once.
type Mirror struct {
	path  string
	files billy.Filesystem
	write chan struct{} // holds one value while somebody writes
}

// writers has one lock for each path: jobs open the same mirror anew.
var writers sync.Map

func writer(path string) chan struct{} {
	lock, _ := writers.LoadOrStore(path, make(chan struct{}, 1))
	return lock.(chan struct{})
}

// Open opens the mirror at path, making a folder for it where there is none,
// and marks it as used now. Its files are for their owner alone.
func Open(path string) (*Mirror, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making mirror: %w", err)
	}
	path, err := Absolute(path)
	if err != nil {
		return nil, fmt.Errorf("opening mirror: %w", err)
	}
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("opening mirror: %w", err)
	}
	return &Mirror{path: path, files: privateFiles(path), write: writer(path)}, nil
}

// Absolute is the one name of the path of a mirror that is there, whatever
// links lead to it: what [Mirror.Path] says of it.
func Absolute(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// Path is what [OpenCommit] takes.
func (m *Mirror) Path() string { return m.path }

func (m *Mirror) lock(ctx context.Context) error {
	select {
	case m.write <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Mirror) unlock() { <-m.write }

// fetchable is what Fetch takes: a reference with its full name, or an object id.
var fetchable = regexp.MustCompile(`^(refs(/[A-Za-z0-9_@%+=#,{}-][A-Za-z0-9._@%+=#,{}-]*)+|[0-9a-f]{40})$`)

// Fetch fetches refs, such as "refs/pull/7/head" or "refs/heads/main", or
// commits by their full id, from the repository at url with a token ("" for
// none), and returns what each resolves to. One that the repository has not
// is [ErrNoRef] for all. No credential is written to disk.
func (m *Mirror) Fetch(ctx context.Context, url, token string, refs ...string) (map[string]string, error) {
	var specs []config.RefSpec
	for _, ref := range refs {
		if !fetchable.MatchString(ref) || strings.Contains(ref, "..") {
			return nil, fmt.Errorf("fetching %q: %w", ref, ErrNoRef)
		}
		specs = append(specs, config.RefSpec("+"+ref+":"+string(local(ref))))
	}
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.unlock()
	if err := m.dropUnfinished(); err != nil {
		return nil, fmt.Errorf("fetching into %s: %w", m.path, err)
	}
	store := openStore(m.files)
	if _, err := git.Init(store, nil); err != nil && !errors.Is(err, git.ErrRepositoryAlreadyExists) {
		return nil, fmt.Errorf("fetching into %s: %w", m.path, err)
	}
	if err := touch(m.path); err != nil { // it may have been deleted since Open
		return nil, fmt.Errorf("fetching into %s: %w", m.path, err)
	}
	// A remote of its own making keeps the URL out of the mirror's config.
	remote := git.NewRemote(store, &config.RemoteConfig{Name: "origin", URLs: []string{url}})
	var auth transport.AuthMethod
	if token != "" {
		auth = &http.BasicAuth{Username: "x-access-token", Password: token}
	}
	err := remote.FetchContext(ctx, &git.FetchOptions{RefSpecs: specs, Auth: auth, Tags: git.NoTags})
	switch {
	case errors.Is(err, git.NoMatchingRefSpecError{}):
		return nil, fmt.Errorf("fetching %s: %w: %w", strings.Join(refs, ", "), ErrNoRef, err)
	case err != nil && !errors.Is(err, git.NoErrAlreadyUpToDate):
		return nil, fmt.Errorf("fetching %s: %w", strings.Join(refs, ", "), err)
	}
	out := make(map[string]string, len(refs))
	for _, ref := range refs {
		at, err := store.Reference(local(ref))
		if err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", ref, m.path, err)
		}
		out[ref] = at.Hash().String()
	}
	return out, nil
}

// local is where a fetched reference is kept: a fetch tells the other side
// what is there already by its references.
func local(ref string) plumbing.ReferenceName {
	return plumbing.ReferenceName("refs/kustodian/" + strings.TrimPrefix(ref, "refs/"))
}

// dropUnfinished deletes what a process that was killed left of its fetch.
func (m *Mirror) dropUnfinished() error {
	left, err := filepath.Glob(filepath.Join(m.path, "objects", "pack", "tmp_*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
