package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review/memory"
)

const (
	// cleanInterval keeps the promise that what is installed no more is deleted
	// within an hour, on every replica and without a webhook.
	cleanInterval = 30 * time.Minute
	keepUnused    = 30 * 24 * time.Hour
)

// A Cleaner deletes what is kept of repositories that the App is not installed
// on any more, and what nobody used for 30 days.
type Cleaner struct {
	// Mirrors is the folder of [MirrorPath].
	Mirrors string
	// Covered lists the repositories, as "owner/name", that an installation
	// covers now: none where it is gone or suspended.
	Covered func(ctx context.Context, installation int64) ([]string, error)
	// Forget deletes all state whose key has a prefix.
	Forget func(ctx context.Context, prefix string) error
	// Answers is where what builds came to is kept; nil where it is not.
	Answers *memory.Store
	// Remotes has the remote bases; nil where none are followed.
	Remotes *mirror.Remotes
	Log     *slog.Logger
}

// Run cleans, now and every half hour, until ctx ends.
func (c *Cleaner) Run(ctx context.Context) {
	every(ctx, cleanInterval, func() {
		if err := c.all(ctx, time.Now()); err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "cleaning up", "error", err)
		}
	})
}

// all cleans every installation that has mirrors here.
func (c *Cleaner) all(ctx context.Context, now time.Time) error {
	unused, err := mirror.Unused(c.Mirrors, now.Add(-keepUnused))
	faults := []error{err}
	for _, path := range unused {
		faults = append(faults, c.forgetAnswers(path), mirror.Remove(path))
	}
	if c.Remotes != nil {
		unused, err := mirror.Unused(c.Remotes.Dir, now.Add(-keepUnused))
		faults = append(faults, err)
		for _, path := range unused {
			faults = append(faults, mirror.Remove(path))
		}
	}
	names, err := foldersIn(c.Mirrors)
	faults = append(faults, err)
	for _, name := range names {
		if installation, err := strconv.ParseInt(name, 10, 64); err == nil {
			faults = append(faults, c.Clean(ctx, installation))
		}
	}
	return errors.Join(faults...)
}

// Clean deletes what is kept of an installation's repositories that it does
// not cover any more. It may be called at any time.
func (c *Cleaner) Clean(ctx context.Context, installation int64) error {
	covered, err := c.Covered(ctx, installation)
	if err != nil {
		return fmt.Errorf("asking what installation %d covers: %w", installation, err)
	}
	keep := map[string]bool{}
	for _, repository := range covered {
		owner, name, _ := strings.Cut(repository, "/")
		keep[MirrorPath(c.Mirrors, Key{Installation: installation, Owner: owner, Repo: name})] = true
	}
	folder := filepath.Join(c.Mirrors, strconv.FormatInt(installation, 10))
	if len(keep) == 0 {
		return errors.Join(c.Forget(ctx, Key{Installation: installation}.repository()), c.Answers.ForgetAll(tenant(installation)), c.removeRemotes(installation), c.remove(folder))
	}
	owners, err := foldersIn(folder)
	faults := []error{err}
	for _, owner := range owners {
		repositories, err := foldersIn(filepath.Join(folder, owner))
		faults = append(faults, err)
		for _, name := range repositories {
			path := filepath.Join(folder, owner, name)
			if keep[path] {
				continue
			}
			gone := Key{Installation: installation, Owner: owner, Repo: strings.TrimSuffix(name, ".git")}
			faults = append(faults, c.Forget(ctx, gone.repository()), c.forgetAnswers(path), c.remove(path))
		}
	}
	return errors.Join(faults...)
}

// removeRemotes deletes the remote bases of an installation.
func (c *Cleaner) removeRemotes(installation int64) error {
	if c.Remotes == nil {
		return nil
	}
	return c.remove(c.Remotes.Folder(tenant(installation)))
}

// forgetAnswers deletes what the builds of the repository mirrored at path came to.
func (c *Cleaner) forgetAnswers(path string) error {
	below, err := filepath.Rel(c.Mirrors, path)
	if err != nil {
		return fmt.Errorf("forgetting the answers of %s: %w", path, err)
	}
	installation, _, _ := strings.Cut(filepath.ToSlash(below), "/")
	if path, err = mirror.Absolute(path); err != nil {
		return fmt.Errorf("forgetting the answers of %s: %w", path, err)
	}
	return c.Answers.Forget(installation, path)
}

// remove deletes the mirrors at and below path, each with its lock, and then the folder.
func (c *Cleaner) remove(path string) error {
	mirrors, err := mirror.Unused(path, time.Now().Add(time.Hour)) // all of them
	faults := []error{err}
	for _, m := range mirrors {
		c.Log.Info("deleting a mirror that is installed no more", "path", m)
		faults = append(faults, mirror.Remove(m))
	}
	return errors.Join(append(faults, os.RemoveAll(path))...)
}

// foldersIn lists the names of the folders in path; none where it is not there.
func foldersIn(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}
