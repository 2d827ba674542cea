package githubtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"
)

func start(t *testing.T) (*Server, *Repository, int64) {
	t.Helper()
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, b := range s.Breaches() {
			t.Error("off contract:", b)
		}
	})
	id := s.AddInstallation("acme", map[string]string{"contents": "write", "pull_requests": "write", "checks": "write", "issues": "write"})
	r, err := s.AddRepository("acme", "shop", true)
	if err != nil {
		t.Fatal(err)
	}
	return s, r, id
}

func commit(t *testing.T, r *Repository, branch string, files map[string]*string) string {
	t.Helper()
	sha, err := r.Commit(branch, "Change "+branch, files)
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

func TestWebhooksAreOnContract(t *testing.T) {
	s, r, id := start(t)
	var got []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got = append(got, q.Header.Get("X-GitHub-Event"))
		w.WriteHeader(http.StatusAccepted)
	}))
	defer hook.Close()
	s.SetWebhook(hook.URL, "")
	commit(t, r, "main", map[string]*string{"a.yaml": Text("a: 1\n")})
	commit(t, r, "feature", map[string]*string{"a.yaml": Text("a: 2\n")})
	n, err := r.OpenPullRequest(NewPullRequest{Head: "feature", Title: "Change a", Draft: true})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, r, "feature", map[string]*string{"b.yaml": Text("b: 2\n")})
	title := "Another"
	for _, change := range []PullRequestChange{{Title: &title, Ready: true}, {State: "closed"}, {State: "open"}} {
		if err := r.Change(n, change); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Comment(n, "hubot", "/kustodian fix"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Queue(n); err != nil {
		t.Fatal(err)
	}
	if err := s.SelectRepositories(id, "acme/other"); err != nil {
		t.Fatal(err)
	}
	if err := s.SelectRepositories(id); err != nil {
		t.Fatal(err)
	}
	for _, suspended := range []bool{true, false} {
		if err := s.Suspend(id, suspended); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Merge(n); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveInstallation(id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	t.Log(got)
	for _, d := range s.Deliveries() {
		if d.Status != "OK" {
			t.Errorf("%s %s: %s", d.Event, d.Action, d.Status)
		}
	}
}

func TestGitServesPullRequests(t *testing.T) {
	s, r, _ := start(t)
	commit(t, r, "main", map[string]*string{"a.yaml": Text("a: 1\n")})
	want := commit(t, r, "feature", map[string]*string{"a.yaml": Text("a: 2\n")})
	if _, err := r.OpenPullRequest(NewPullRequest{Head: "feature", Title: "Change a"}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "git", "ls-remote", "http://x-access-token:bad@"+s.URL[len("http://"):]+"/acme/shop.git").CombinedOutput()
	if err == nil {
		t.Fatalf("a bad token listed %s", out)
	}
	_ = want
}
