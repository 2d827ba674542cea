package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/bot/github"
)

// errTouched is a branch whose head somebody else made.
var errTouched = errors.New("somebody else committed to the branch")

// commit makes the branch hold the files, and returns its head. A branch that
// holds them already gets no commit, whoever made it.
func (o *offer) commit(ctx context.Context, files []fileDiff) (string, error) {
	head, err := o.Repository.BranchHead(ctx, o.branch)
	switch {
	case errors.Is(err, github.ErrNotFound):
		return o.start(ctx, files)
	case err != nil:
		return "", err
	}
	changes, err := o.missing(ctx, files)
	if err != nil {
		return "", err
	}
	ours := head == o.note.commit || head == o.baseSHA
	switch {
	case len(changes) == 0 && head != o.baseSHA:
		return head, nil
	case !ours:
		return "", errTouched
	case o.open == nil && head != o.baseSHA: // left over from one that is closed
		if err := o.Repository.DeleteBranch(ctx, o.branch); err != nil {
			return "", err
		}
		return o.start(ctx, files)
	}
	return o.write(ctx, head, changes)
}

// start makes the branch anew.
func (o *offer) start(ctx context.Context, files []fileDiff) (string, error) {
	if err := o.Repository.CreateBranch(ctx, o.branch, o.baseSHA); err != nil {
		return "", err
	}
	var changes []github.Change
	for _, file := range files {
		changes = append(changes, file.change())
	}
	return o.write(ctx, o.baseSHA, changes)
}

// missing are the changes that the branch lacks: fixed files that it has
// otherwise, and files of the open pull request that no fix changes any more.
func (o *offer) missing(ctx context.Context, files []fileDiff) ([]github.Change, error) {
	wanted := map[string]bool{}
	var changes []github.Change
	for _, file := range files {
		wanted[file.path] = true
		has, err := o.contents(ctx, file.path, o.branch)
		if err != nil {
			return nil, err
		}
		if !same(has, file.after) {
			changes = append(changes, file.change())
		}
	}
	if o.open == nil {
		return changes, nil
	}
	stale, err := o.Repository.PullRequestFiles(ctx, o.open.Number)
	if err != nil {
		return nil, fmt.Errorf("reading the files of pull request %d: %w", o.open.Number, err)
	}
	for _, f := range stale {
		if wanted[f.Path] {
			continue
		}
		now, err := o.contents(ctx, f.Path, o.baseSHA)
		if err != nil {
			return nil, err
		}
		has, err := o.contents(ctx, f.Path, o.branch)
		if err != nil {
			return nil, err
		}
		if !same(has, now) {
			changes = append(changes, fileDiff{path: f.Path, after: now}.change())
		}
	}
	return changes, nil
}

// contents are the bytes of a file, nil where there is none.
func (o *offer) contents(ctx context.Context, path, ref string) ([]byte, error) {
	text, err := o.Repository.Contents(ctx, path, ref)
	if errors.Is(err, github.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s at %s: %w", path, ref, err)
	}
	if text == nil {
		text = []byte{}
	}
	return text, nil
}

func (o *offer) write(ctx context.Context, head string, changes []github.Change) (string, error) {
	var titles []string
	for _, fix := range o.fixes {
		titles = append(titles, "- "+plain(fix.Title))
	}
	return o.Repository.CommitOnBranch(ctx, github.Commit{
		Branch: o.branch, Head: head, Changes: changes,
		Message: o.title + "\n\n" + strings.Join(titles, "\n"),
	})
}

func (f fileDiff) change() github.Change {
	return github.Change{Path: f.path, Content: f.after, Delete: f.after == nil}
}

// same reports whether two files are, where nil is none.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }
