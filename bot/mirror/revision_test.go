package mirror_test

import (
	"path/filepath"
	"testing"

	"github.com/kustodian/kustodian/bot/mirror"
)

func TestResolve(t *testing.T) {
	dir := newRepository(t)
	first := commit(t, dir, map[string]string{"a/a": "1\n"})
	git(t, dir, "tag", "light")
	git(t, dir, "tag", "-a", "-m", "annotated", "v1.0")
	fork := commit(t, dir, map[string]string{"a/a": "2\n"})
	git(t, dir, "checkout", "-q", "-b", "team/feature")
	feature := commit(t, dir, map[string]string{"b": "1\n"})
	git(t, dir, "checkout", "-q", "main")
	main := commit(t, dir, map[string]string{"c": "1\n"})
	git(t, dir, "update-ref", "refs/remotes/origin/main", first)
	git(t, dir, "pack-refs", "--all")
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", linked, "team/feature")

	for _, c := range []struct{ dir, rev, want string }{
		{dir, "HEAD", main},
		{dir, "HEAD~1", fork},
		{dir, "HEAD^", fork},
		{dir, "main", main},
		{dir, "team/feature", feature},
		{dir, "refs/heads/main", main},
		{dir, "origin/main", first},
		{dir, "light", first},
		{dir, "v1.0", first},
		{dir, "v1.0~0", first},
		{dir, feature, feature},
		{dir, feature[:7], feature},
		{filepath.Join(dir, "a"), "HEAD", main},
		{linked, "HEAD", feature},
		{linked, "main", main},
	} {
		repository, got, err := mirror.Resolve(c.dir, c.rev)
		if err != nil || got != c.want {
			t.Errorf("Resolve(%s): %s, %v; want %s", c.rev, got, err, c.want)
			continue
		}
		readAt(t, repository, got, "a/a")
	}
	for _, rev := range []string{"", "nothing", "~1", "^{/x}", ":/x", "@{1}", "HEAD~99", "v1.0..main", "0000000000000000000000000000000000000000"} {
		if _, got, err := mirror.Resolve(dir, rev); err == nil {
			t.Errorf("Resolve(%q): %s; want an error", rev, got)
		}
	}
	for at, rev := range map[string]string{dir: "team/feature", linked: "main"} {
		if _, got, err := mirror.Fork(at, rev); err != nil || got != fork {
			t.Errorf("Fork(%s): %s, %v; want %s", rev, got, err, fork)
		}
	}
	git(t, dir, "checkout", "-q", "--orphan", "unrelated")
	commit(t, dir, map[string]string{"d": "1\n"})
	if _, got, err := mirror.Fork(dir, "main"); err == nil {
		t.Errorf("Fork of unrelated histories: %s; want an error", got)
	}
}

func TestRoot(t *testing.T) {
	dir := newRepository(t)
	commit(t, dir, map[string]string{"a/b/c": "1\n"})
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, dir, "worktree", "add", "-q", linked)
	plain := t.TempDir()
	for _, c := range []struct {
		dir, want string
		isGit     bool
	}{
		{dir, dir, true},
		{filepath.Join(dir, "a", "b"), dir, true},
		{filepath.Join(linked, "a"), linked, true},
		{plain, plain, false},
	} {
		if root, isGit, err := mirror.Root(c.dir); root != c.want || isGit != c.isGit || err != nil {
			t.Errorf("Root(%s): %s, %v, %v; want %s, %v", c.dir, root, isGit, err, c.want, c.isGit)
		}
	}
	if _, _, err := mirror.Resolve(plain, "HEAD"); err == nil {
		t.Error("Resolve outside a repository: no error")
	}
}
