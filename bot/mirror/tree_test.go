package mirror_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules/overlay"
)

// example is a repository with one of everything, its .git folder and its commit.
func example(t *testing.T) (dir, repository, head string) {
	dir = newRepository(t)
	commit(t, dir, map[string]string{"base/a.yaml": "a: 1\n"})
	write(t, dir, map[string]string{
		"base/b.yaml": "b: 1\n", "base.txt": "text\n", "tools/run.sh": "#!/bin/sh\n",
		"link": "-> base/a.yaml", "folder": "-> base", "out": "-> /etc/passwd",
	})
	if err := os.Chmod(filepath.Join(dir, "tools/run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+git(t, dir, "rev-parse", "HEAD")+",vendor")
	git(t, dir, "add", "base", "base.txt", "tools", "link", "folder", "out")
	git(t, dir, "commit", "-q", "-m", "everything")
	return dir, filepath.Join(dir, ".git"), git(t, dir, "rev-parse", "HEAD")
}

// A commit and the folder that it is checked out in read the same.
func TestTree(t *testing.T) {
	dir, repository, head := example(t)
	write(t, dir, map[string]string{"modules/x/.git": "gitdir: elsewhere\n"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil { // to which nobody writes
		t.Fatal(err)
	}
	atCommit, err := mirror.OpenCommit(repository, head)
	if err != nil {
		t.Fatal(err)
	}
	inFolder, err := mirror.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	inRoot, err := mirror.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, tree := range map[string]overlay.Tree{"commit": atCommit, "folder": inFolder, "folder, step by step": inRoot} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ path, want string }{
				{".", "base:folder base.txt:file folder:link link:link out:link tools:folder vendor:submodule"},
				{"base", "a.yaml:file b.yaml:file"},
				{"tools", "run.sh:executable file"},
			} {
				want := c.want
				if name != "commit" && c.path == "." { // whose submodule is not checked out
					want = "base:folder base.txt:file folder:link link:link modules:folder out:link tools:folder"
				}
				if diff := cmp.Diff(want, listing(t, tree, c.path)); diff != "" {
					t.Errorf("ReadDir(%s) (-want +got):\n%s", c.path, diff)
				}
			}
			for path, want := range map[string]string{"base/a.yaml": "a: 1\n", "base.txt": "text\n"} {
				if got, err := tree.ReadFile(path); err != nil || string(got) != want {
					t.Errorf("ReadFile(%s): %q, %v", path, got, err)
				}
			}
			for path, want := range map[string]string{"link": "base/a.yaml", "folder": "base", "out": "/etc/passwd"} {
				if got, err := tree.Readlink(path); err != nil || got != want {
					t.Errorf("Readlink(%s): %q, %v", path, got, err)
				}
			}
			for _, path := range []string{"base/a.yaml", "tools/run.sh", "link", "out"} {
				want := git(t, dir, "rev-parse", "HEAD:"+path)
				if got, err := tree.Hash(path); err != nil || got != want {
					t.Errorf("Hash(%s): %s, %v; want %s", path, got, err, want)
				}
			}
			checkRefused(t, tree)
		})
	}
}

func listing(t *testing.T, tree overlay.Tree, path string) string {
	t.Helper()
	entries, err := tree.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name+":"+e.Kind.String())
	}
	return strings.Join(out, " ")
}

// checkRefused checks what no tree of the example answers.
func checkRefused(t *testing.T, tree overlay.Tree) {
	for _, path := range []string{
		"nothing", "pipe/x", "base/nothing", "base/a.yaml/x", "../x", "/etc/passwd", "base/../base.txt", "base/", "",
		"folder/a.yaml", "out/x", "link/x", // through a link
		".git/HEAD", "modules/.git", // git's own
	} {
		if _, err := tree.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q): %v; want fs.ErrNotExist", path, err)
		}
		if _, err := tree.Hash(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Hash(%q): %v; want fs.ErrNotExist", path, err)
		}
		if _, err := tree.ReadDir(path); err == nil {
			t.Errorf("ReadDir(%q): no error", path)
		}
	}
	for _, path := range []string{"base", "link", "out", "vendor", "pipe"} {
		if data, err := tree.ReadFile(path); err == nil {
			t.Errorf("ReadFile(%q): %q", path, data)
		}
	}
	if _, err := tree.Readlink("base.txt"); err == nil {
		t.Errorf("Readlink of a file: no error")
	}
	if _, err := tree.ReadDir("folder"); err == nil {
		t.Errorf("ReadDir of a link: no error")
	}
}

// A file that was just written has no stamp: its next change might get the same.
func TestStamp(t *testing.T) {
	type stamped interface {
		Stamp(path string) (overlay.Stamp, bool)
	}
	stamp := func(dir, name string) (overlay.Stamp, bool) {
		tree, err := mirror.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		known, ok := tree.(stamped)
		if !ok {
			t.Skip("nothing is stamped on this system")
		}
		listing(t, tree, ".")
		return known.Stamp(name)
	}
	if got, ok := stamp(".", "tree_test.go"); !ok || got.Size == 0 || got.Modified == 0 || got.Changed == 0 || got.File == 0 {
		t.Errorf("this file is stamped with %v, %t", got, ok)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"new.yaml": "a: 1\n"})
	if got, ok := stamp(dir, "new.yaml"); ok {
		t.Errorf("a new file is stamped with %v", got)
	}
}

func TestTooLarge(t *testing.T) {
	dir := newRepository(t)
	head := commit(t, dir, map[string]string{"large": strings.Repeat("x", mirror.LargestFile+1), "fits": strings.Repeat("x", mirror.LargestFile)})
	atCommit, err := mirror.OpenCommit(filepath.Join(dir, ".git"), head)
	if err != nil {
		t.Fatal(err)
	}
	inFolder, err := mirror.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	inRoot, err := mirror.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, tree := range map[string]overlay.Tree{"commit": atCommit, "folder": inFolder, "folder, step by step": inRoot} {
		if _, err := tree.ReadFile("large"); !errors.Is(err, overlay.ErrTooLarge) {
			t.Errorf("%s: %v; want too large", name, err)
		}
		if hash, err := tree.Hash("large"); err != nil || hash != git(t, dir, "rev-parse", "HEAD:large") {
			t.Errorf("%s: the hash is %s, %v", name, hash, err)
		}
		if data, err := tree.ReadFile("fits"); err != nil || len(data) != mirror.LargestFile {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	_, repository, head := example(t)
	for _, c := range []struct{ repository, commit string }{
		{repository, head[:12]},
		{repository, "main"},
		{repository, strings.Repeat("0", 40)},
		{t.TempDir(), head},
		{filepath.Join(repository, "nowhere"), head},
	} {
		if _, err := mirror.OpenCommit(c.repository, c.commit); err == nil {
			t.Errorf("OpenCommit(%s, %s): no error", c.repository, c.commit)
		}
	}
	if _, err := mirror.OpenFolder(filepath.Join(repository, "HEAD")); err == nil {
		t.Error("OpenFolder of a file: no error")
	}
}
