package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review"
)

// A target is what a command looks at: the repository around some paths, and
// the paths inside it.
type target struct {
	root  string   // the work tree's root, or the folder itself outside git
	git   bool     // whether root is a git work tree
	paths []string // slash-separated, from root; empty is all
}

// targetOf finds the repository that all of the paths are in. No path is the
// current folder.
func targetOf(paths []string) (target, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var t target
	for i, path := range paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return t, err
		}
		// The root is found through links, so the path has to be too.
		if absolute, err = filepath.EvalSymlinks(absolute); errors.Is(err, fs.ErrNotExist) {
			return t, fmt.Errorf("there is no %s", path)
		} else if err != nil {
			return t, err
		}
		info, err := os.Stat(absolute)
		if err != nil {
			return t, err
		}
		folder := absolute
		if !info.IsDir() {
			folder = filepath.Dir(absolute)
		}
		root, git, err := rootOf(folder)
		if err != nil {
			return t, fmt.Errorf("finding the repository of %s: %w", path, err)
		}
		if i > 0 && root != t.root {
			return t, fmt.Errorf("%s and %s are in different repositories; check them one after the other", paths[0], path)
		}
		t.root, t.git = root, git
		relative, err := filepath.Rel(root, absolute)
		if err != nil {
			return t, err
		}
		if relative = filepath.ToSlash(relative); relative != "." {
			t.paths = append(t.paths, relative)
		}
	}
	return t, nil
}

// rootOf is the root of the git work tree around a folder. Without one it is
// the current folder where that is around it, so that an overlay named in the
// shell reaches its base, else the folder itself.
func rootOf(folder string) (root string, git bool, err error) {
	root, git, err = mirror.Root(folder)
	if err != nil || git {
		return root, git, err
	}
	current, err := os.Getwd()
	if err != nil {
		return "", false, err
	}
	if current, err = filepath.EvalSymlinks(current); err != nil {
		return "", false, err
	}
	if below, err := filepath.Rel(current, folder); err == nil && filepath.IsLocal(below) {
		return current, false, nil
	}
	return root, false, nil
}

// job is the review of the target's working tree, compared with where it
// left base; an empty base compares with nothing.
func (t target) job(base string) (review.Job, error) {
	head := review.TreeRef{Folder: t.root}
	job := review.Job{Head: head, Config: head, Paths: t.paths}
	if t.git {
		// A repository whose configuration cannot be read says nothing of itself.
		if origin, err := mirror.Origin(t.root); err == nil {
			job.Repository = origin
		}
	}
	if base == "" {
		return job, nil
	}
	if !t.git {
		return job, fmt.Errorf("--base %s: %s is not in a git repository", base, t.root)
	}
	repository, commit, err := mirror.Fork(t.root, base)
	if err != nil {
		return job, fmt.Errorf("--base %s: %w", base, err)
	}
	job.Base = review.TreeRef{Repository: repository, Commit: commit}
	job.Config = job.Base
	return job, nil
}
