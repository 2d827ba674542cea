package mirror

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// Root returns the root of the git work tree that dir is in, or dir itself,
// absolute, and false where it is in none.
func Root(dir string) (root string, isGit bool, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", false, err
	}
	for at := dir; ; at = filepath.Dir(at) {
		_, err := os.Lstat(filepath.Join(at, ".git"))
		if err == nil {
			return at, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", false, err
		}
		if at == filepath.Dir(at) {
			return dir, false, nil
		}
	}
}

// Resolve finds the repository around the folder dir and what rev, such as
// "main", "v1.2", "origin/main", "HEAD~1" or the start of an object id, names
// in it. The repository is the path that [OpenCommit] takes: of a linked work
// tree it is the one that holds the objects.
func Resolve(dir, rev string) (repository, commit string, err error) {
	w, err := openWork(dir)
	if err != nil {
		return "", "", err
	}
	hash, err := w.resolve(rev)
	if err != nil {
		return "", "", err
	}
	return w.common, hash.String(), nil
}

// Fork is [Resolve] for where HEAD left rev: their best common ancestor.
func Fork(dir, rev string) (repository, commit string, err error) {
	w, err := openWork(dir)
	if err != nil {
		return "", "", err
	}
	theirs, err := w.resolve(rev)
	if err != nil {
		return "", "", w.cut(err)
	}
	ours, err := w.resolve("HEAD")
	if err != nil {
		return "", "", err
	}
	base, err := mergeBase(w.repository.Storer, ours, theirs)
	if err != nil {
		return "", "", w.cut(fmt.Errorf("finding where HEAD left %s: %w", rev, err))
	}
	return w.common, base.String(), nil
}

// cut says of an error, where history is cut off, that this may be why.
func (w work) cut(err error) error {
	if shallow, failed := w.repository.Storer.Shallow(); failed != nil || len(shallow) == 0 {
		return err
	}
	return fmt.Errorf("%w; the clone is shallow: git fetch --unshallow brings the rest, and fetch-depth: 0 of actions/checkout all at once", err)
}

// Origin is the URL that the repository around the folder dir was cloned from,
// "" where it says none.
func Origin(dir string) (string, error) {
	w, err := openWork(dir)
	if err != nil {
		return "", err
	}
	own, err := w.repository.Config()
	if err != nil {
		return "", fmt.Errorf("reading the configuration of the repository of %s: %w", dir, err)
	}
	if origin, ok := own.Remotes["origin"]; ok && len(origin.URLs) > 0 {
		return origin.URLs[0], nil
	}
	return "", nil
}

// A work is the repository of a work tree.
type work struct {
	repository *git.Repository
	common     string // the .git folder that holds objects and references
}

func openWork(dir string) (work, error) {
	root, isGit, err := Root(dir)
	if err != nil {
		return work{}, err
	}
	if !isGit {
		return work{}, fmt.Errorf("%s is not in a git repository", dir)
	}
	own, common, err := gitFolders(root)
	if err != nil {
		return work{}, fmt.Errorf("opening the repository of %s: %w", dir, err)
	}
	store := openStore(dotgit.NewRepositoryFilesystem(osfs.New(own), osfs.New(common)))
	// git.Open would refuse repositories with extensions that do not change
	// how objects are read.
	return work{repository: &git.Repository{Storer: store}, common: common}, nil
}

// gitFolders finds the .git folder of a work tree, and the one that it shares
// with others where it is a linked one: there .git is a file that names its
// own folder, and that folder names the common one.
func gitFolders(root string) (own, common string, err error) {
	own = filepath.Join(root, ".git")
	info, err := os.Stat(own)
	if err != nil {
		return "", "", err
	}
	if !info.IsDir() {
		text, err := os.ReadFile(own)
		if err != nil {
			return "", "", err
		}
		target, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
		if !ok {
			return "", "", fmt.Errorf("%s does not name a git folder", own)
		}
		own = from(root, target)
	}
	text, err := os.ReadFile(filepath.Join(own, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return own, own, nil
	}
	if err != nil {
		return "", "", err
	}
	return own, from(own, strings.TrimSpace(string(text))), nil
}

// from is path as seen from folder.
func from(folder, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, path)
}

func (w work) resolve(rev string) (plumbing.Hash, error) {
	// go-git takes these to follow a commit, and has none to start from.
	if rev == "" || strings.ContainsAny(rev[:1], "~^:") || strings.HasPrefix(rev, "@{") {
		return plumbing.ZeroHash, fmt.Errorf("%q names no commit", rev)
	}
	hash, err := w.repository.ResolveRevision(plumbing.Revision(rev))
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("%q names no commit that is here: %w", rev, err)
	}
	return *hash, nil
}
