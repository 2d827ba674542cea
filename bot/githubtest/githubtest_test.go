package githubtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func start(t *testing.T) (*Server, *Repository, int64) {
	t.Helper()
	return startWith(t, Options{})
}

// startWith starts a server whose answers must all have been on contract when the test ends.
func startWith(t *testing.T, o Options) (*Server, *Repository, int64) {
	t.Helper()
	s, err := Start(o)
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

func numbered(n int) string {
	var text strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	return text.String()
}

// change opens a pull request that changes line 10 of 20.
func change(t *testing.T, r *Repository) int {
	t.Helper()
	commit(t, r, "main", map[string]*string{"a.txt": new(numbered(20))})
	commit(t, r, "feature", map[string]*string{"a.txt": new(strings.Replace(numbered(20), "line 10\n", "ten\n", 1))})
	n, err := r.OpenPullRequest(NewPullRequest{Head: "feature", Title: "Change a"})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWebhooks(t *testing.T) {
	s, r, id := start(t)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.FormValue("payload") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer hook.Close()
	s.SetWebhookForm(true)
	s.SetWebhook(hook.URL, "")
	n := change(t, r)
	commit(t, r, "feature", map[string]*string{"b.yaml": new("b: 2\n")})
	title := "Another"
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(r.Change(n, PullRequestChange{Title: &title}))
	do(r.Change(n, PullRequestChange{State: "closed"}))
	do(r.Change(n, PullRequestChange{State: "open"}))
	_, err := r.Comment(n, "hubot", "/kustodian fix")
	do(err)
	_, err = r.Queue(n)
	do(err)
	do(s.SelectRepositories(id, "acme/other"))
	do(s.SelectRepositories(id))
	do(s.Suspend(id, true))
	do(s.Suspend(id, false))
	do(r.Merge(n))
	_, err = r.Commit("draft", "Draft", map[string]*string{"d": new("d")})
	do(err)
	n, err = r.OpenPullRequest(NewPullRequest{Head: "draft", Title: "Draft", Draft: true})
	do(err)
	do(r.Change(n, PullRequestChange{Ready: true}))
	ask(t, s, id).must(http.StatusCreated, "POST", "/repos/acme/shop/check-runs", map[string]any{"name": "c", "head_sha": r.Head("draft")})
	do(r.Rerequest(r.CheckRuns(r.Head("draft"))[0].ID))
	do(s.RemoveInstallation(id))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	do(s.Wait(ctx))
	var got []string
	for _, d := range s.Deliveries() {
		for _, p := range s.contract.hooks.Paths.Value("/" + strings.ReplaceAll(strings.TrimSuffix(d.Event+"-"+d.Action, "-"), "_", "-")).Post.Parameters {
			if p.Value.In == "header" && p.Value.Required && d.headers.Get(p.Value.Name) == "" {
				t.Errorf("%s %s has no %s", d.Event, d.Action, p.Value.Name)
			}
		}
		got = append(got, strings.TrimSuffix(d.Event+" "+d.Action, " "))
		if d.Status != "OK" {
			t.Errorf("%s %s: %s", d.Event, d.Action, d.Status)
		}
	}
	want := []string{
		"push", "push", "pull_request opened", "push", "pull_request synchronize", "pull_request edited", "pull_request closed", "pull_request reopened",
		"issue_comment created", "merge_group checks_requested", "installation_repositories removed", "installation_repositories added",
		"installation suspend", "installation unsuspend", "pull_request closed", "push", "push", "pull_request opened", "pull_request ready_for_review",
		"check_run created", "check_run rerequested", "installation deleted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThreadsFollowPushes(t *testing.T) {
	for _, c := range []struct {
		name string
		text string // what is pushed
		line int
	}{
		{"a line above moves it", "new\n" + strings.Replace(numbered(20), "line 10\n", "ten\n", 1), 11},
		{"a line below leaves it", strings.Replace(numbered(20), "line 10\n", "ten\n", 1) + "new\n", 10},
		{"its own change makes it outdated", strings.Replace(numbered(20), "line 10\n", "eleven\n", 1), 0},
		{"a deletion above moves it", strings.Replace(strings.Replace(numbered(20), "line 10\n", "ten\n", 1), "line 3\n", "", 1), 9},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s, r, id := start(t)
			n := change(t, r)
			ask(t, s, id).must(http.StatusOK, "POST", "/repos/acme/shop/pulls/1/reviews", map[string]any{
				"event": "COMMENT", "comments": []any{map[string]any{"path": "a.txt", "line": 10, "side": "RIGHT", "body": "here"}},
			})
			commit(t, r, "feature", map[string]*string{"a.txt": &c.text})
			p, err := r.PullRequest(n)
			if err != nil {
				t.Fatal(err)
			}
			if th := p.Threads[0]; th.Line != c.line || th.Outdated != (c.line == 0) || th.OriginalLine != 10 {
				t.Errorf("line %d, outdated %t, was %d; want line %d", th.Line, th.Outdated, th.OriginalLine, c.line)
			}
		})
	}
}

// TestFork opens a pull request from a fork and fetches it with git, without a checkout of anything else.
func TestFork(t *testing.T) {
	s, r, id := start(t)
	commit(t, r, "main", map[string]*string{"a.txt": new("a\n")})
	fork, err := r.Fork("stranger")
	if err != nil {
		t.Fatal(err)
	}
	want := commit(t, fork, "change", map[string]*string{"a.txt": new("b\n")})
	n, err := r.OpenPullRequest(NewPullRequest{Head: "change", From: fork, Title: "From afar", Author: "stranger"})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "mirror")
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Env = append(os.Environ(), isolation...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "--bare", folder)
	address := strings.Replace(r.CloneURL(), "://", "://x-access-token:"+ask(t, s, id).token+"@", 1)
	git("-C", folder, "fetch", "-q", address, fmt.Sprintf("+refs/pull/%d/head:refs/pull", n))
	if got := git("-C", folder, "rev-parse", "refs/pull"); got != want {
		t.Errorf("fetched %s, want %s", got, want)
	}
	// What git pushes is there at once.
	git("-C", folder, "update-ref", "refs/heads/own", want)
	git("-C", folder, "push", "-q", address, "refs/heads/own")
	if got := r.Head("own"); got != want {
		t.Errorf("pushed %s, the branch is at %q", want, got)
	}
	var pull struct {
		Head struct {
			Label string
			Repo  struct{ Fork bool }
		}
	}
	body := ask(t, s, id).must(http.StatusOK, "GET", fmt.Sprintf("/repos/acme/shop/pulls/%d", n), nil)
	if err := json.Unmarshal(body, &pull); err != nil {
		t.Fatal(err)
	}
	if pull.Head.Label != "stranger:change" || !pull.Head.Repo.Fork {
		t.Errorf("head is %+v", pull.Head)
	}
}

func TestDiffOfOddFiles(t *testing.T) {
	_, r, _ := start(t)
	write := func(branch string, entries map[string]*Entry) {
		t.Helper()
		if _, err := r.Write(branch, "Write", entries); err != nil {
			t.Fatal(err)
		}
	}
	write("main", map[string]*Entry{
		"binary": {Content: []byte("a\x00b")}, "moved from.txt": {Content: []byte(numbered(30))}, "gone": {Content: []byte("x\n")},
		"type": {Content: []byte("target")}, "ünï.txt": {Content: []byte("u")}, "mode": {Content: []byte("m\n")},
	})
	write("feature", map[string]*Entry{
		"binary": {Content: []byte("a\x00c")}, "moved from.txt": nil, "moved to.txt": {Content: []byte(numbered(30))}, "gone": nil,
		"type": {Mode: "120000", Content: []byte("target")}, "ünï.txt": {Content: []byte("diff --git a/x b/x\n")}, "mode": {Mode: "100755", Content: []byte("m\n")},
		"module": {Mode: "160000", Content: []byte("0123456789012345678901234567890123456789")},
	})
	d, err := r.Compare("main", "feature")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range d.Files {
		got = append(got, fmt.Sprintf("%s %s %d-%d %t", f.Path, f.Status, f.Additions, f.Deletions, f.Binary))
	}
	want := []string{
		"binary modified 0-0 true", "gone removed 0-1 false", "mode modified 0-0 false", "module added 1-0 false", "moved to.txt renamed 0-0 false",
		"type changed 1-1 false", "ünï.txt modified 1-1 false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsOffContractAreRefusedAndSaid(t *testing.T) {
	s, r, id := start(t)
	change(t, r)
	client := ask(t, s, id)
	client.must(http.StatusUnprocessableEntity, "POST", "/repos/acme/shop/pulls/1/reviews", map[string]any{"event": "COMMENTED"})
	client.must(http.StatusOK, "POST", "/repos/acme/shop/issues/1/labels", []string{"kustodian"})
	log := s.Requests()
	if last := log[len(log)-1]; last.OffContract != "" || last.Operation != "issues/add-labels" || last.Permissions["issues"] != "write" {
		t.Errorf("logged %+v", last)
	}
	if bad := log[len(log)-2]; bad.OffContract == "" {
		t.Errorf("logged %+v", bad)
	}
}
