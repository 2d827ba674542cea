package mirror_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/mirror"
)

func TestFetch(t *testing.T) {
	repository := newRepository(t)
	first := commit(t, repository, map[string]string{"base/a.yaml": "a: 1\n"})
	url := serve(t, filepath.Join(repository, ".git"), "secret-token")
	path := filepath.Join(t.TempDir(), "1", "acme", "shop")
	m, err := mirror.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	got, err := m.Fetch(ctx, url, "secret-token", "refs/heads/main")
	if err != nil || got["refs/heads/main"] != first {
		t.Fatalf("Fetch: %v, %v; want %s", got, err, first)
	}
	git(t, repository, "checkout", "-q", "-b", "feature")
	head := commit(t, repository, map[string]string{"base/a.yaml": "a: 2\n"})
	git(t, repository, "update-ref", "refs/pull/7/head", head)
	git(t, repository, "checkout", "-q", "main")
	base := commit(t, repository, map[string]string{"b.yaml": "b: 1\n"})
	for range 2 { // the second has nothing to fetch
		got, err = m.Fetch(ctx, url, "secret-token", "refs/pull/7/head", "refs/heads/main")
		if err != nil || got["refs/heads/main"] != base || got["refs/pull/7/head"] != head {
			t.Fatalf("Fetch: %v, %v; want main %s and the pull request %s", got, err, base, head)
		}
	}
	if got, err := m.Fetch(ctx, url, "secret-token", head); err != nil || got[head] != head {
		t.Errorf("Fetch of a commit: %v, %v", got, err)
	}
	if got, err := m.MergeBase(base, head); err != nil || got != first {
		t.Errorf("MergeBase: %s, %v; want %s", got, err, first)
	}
	if got := readAt(t, m.Path(), head, "base/a.yaml"); got != "a: 2\n" {
		t.Errorf("the fetched file reads %q", got)
	}
	git(t, path, "fsck", "--strict", "--connectivity-only")
	checkPrivate(t, path, "secret-token")

	// A force-push is followed.
	git(t, repository, "update-ref", "refs/pull/7/head", first)
	if got, err := m.Fetch(ctx, url, "secret-token", "refs/pull/7/head"); err != nil || got["refs/pull/7/head"] != first {
		t.Errorf("Fetch after a force-push: %v, %v; want %s", got, err, first)
	}
}

func readAt(t *testing.T, repository, commit, path string) string {
	t.Helper()
	tree, err := mirror.OpenCommit(repository, commit)
	if err != nil {
		t.Fatal(err)
	}
	data, err := tree.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// checkPrivate checks that nobody else can read what is below path, and that
// nothing there holds the token.
func checkPrivate(t *testing.T, path, token string) {
	t.Helper()
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		// git makes packs read-only, for everybody: their folder is what protects them.
		if info.Mode().Perm()&0o077 != 0 && filepath.Base(filepath.Dir(path)) != "pack" {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), token) {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFetchRefuses(t *testing.T) {
	repository := newRepository(t)
	commit(t, repository, map[string]string{"a": "a\n"})
	url := serve(t, filepath.Join(repository, ".git"), "right")
	m, err := mirror.Open(filepath.Join(t.TempDir(), "m"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, url, token, ref, want string
	}{
		{"wrong token", url, "wrong", "refs/heads/main", "authentication required"},
		{"no token", url, "", "refs/heads/main", "authentication required"},
		{"missing branch", url, "right", "refs/heads/gone", mirror.ErrNoRef.Error()},
		{"pattern", url, "right", "refs/heads/*", mirror.ErrNoRef.Error()},
		{"two references in one", url, "right", "refs/heads/main:refs/heads/x", mirror.ErrNoRef.Error()},
		{"out of the references", url, "right", "refs/heads/../../config", mirror.ErrNoRef.Error()},
		{"an option", url, "right", "--upload-pack=x", mirror.ErrNoRef.Error()},
		{"another transport", "ssh://git@localhost/x", "", "refs/heads/main", "ssh"},
	} {
		_, err := m.Fetch(context.Background(), c.url, c.token, c.ref)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestFetchRedirected(t *testing.T) {
	repository := newRepository(t)
	head := commit(t, repository, map[string]string{"a": "a\n"})
	elsewhere := serve(t, filepath.Join(repository, ".git"), "token")
	target, err := url.Parse(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		to     func(r *http.Request) string
		refuse bool
	}{
		{"another host", func(r *http.Request) string { return elsewhere + strings.TrimPrefix(r.URL.Path, "/old") }, true},
		{"the same host", func(r *http.Request) string { return "/new" + strings.TrimPrefix(r.URL.Path, "/old") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("/old/", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, c.to(r)+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			})
			mux.Handle("/new/", http.StripPrefix("/new", httputil.NewSingleHostReverseProxy(target)))
			server := httptest.NewServer(mux)
			defer server.Close()
			m, err := mirror.Open(filepath.Join(t.TempDir(), "m"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Fetch(context.Background(), server.URL+"/old", "token", "refs/heads/main")
			if c.refuse && (err == nil || !strings.Contains(err.Error(), "another host")) {
				t.Errorf("got %v, %v; want the redirect refused", got, err)
			}
			if !c.refuse && (err != nil || got["refs/heads/main"] != head) {
				t.Errorf("got %v, %v; want %s", got, err, head)
			}
		})
	}
}

// Jobs of one repository fetch and read at once, each with a Mirror of its own.
func TestFetchAtOnce(t *testing.T) {
	repository := newRepository(t)
	head := commit(t, repository, map[string]string{"a": "a\n"})
	url := serve(t, filepath.Join(repository, ".git"), "token")
	path := filepath.Join(t.TempDir(), "m")
	var jobs sync.WaitGroup
	for range 4 {
		jobs.Go(func() {
			m, err := mirror.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := m.Fetch(context.Background(), url, "token", "refs/heads/main"); err != nil {
				t.Error(err)
				return
			}
			tree, err := mirror.OpenCommit(path, head)
			if err != nil {
				t.Error(err)
				return
			}
			if data, err := tree.ReadFile("a"); err != nil || string(data) != "a\n" {
				t.Errorf("a reads %q, %v", data, err)
			}
		})
	}
	jobs.Wait()
}

func TestFetchStops(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done() // never answers
	}))
	defer server.Close()
	m, err := mirror.Open(filepath.Join(t.TempDir(), "m"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := m.Fetch(ctx, server.URL, "", "refs/heads/main"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
}

func TestUnused(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"1/acme/shop", "1/acme/web"} {
		if _, err := mirror.Open(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(folder, "1", "acme", "web")
	long := time.Now().Add(-31 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(old, "kustodian-used"), long, long); err != nil {
		t.Fatal(err)
	}
	month := time.Now().Add(-30 * 24 * time.Hour)
	unused, err := mirror.Unused(folder, month)
	if err != nil || len(unused) != 1 || unused[0] != old {
		t.Fatalf("Unused: %v, %v; want %s", unused, err, old)
	}
	for range 2 { // the second finds nothing to delete
		if err := mirror.Remove(old); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the mirror is still there: %v", err)
	}
	if unused, err := mirror.Unused(filepath.Join(folder, "nowhere"), month); err != nil || unused != nil {
		t.Errorf("Unused of no folder: %v, %v", unused, err)
	}
}
