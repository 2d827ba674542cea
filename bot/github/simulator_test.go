package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/githubtest"
)

var fixes = map[string]string{"contents": "write", "pull_requests": "write", "checks": "write"}

// A shop is a simulated GitHub with a pull request on acme/shop, as the App sees it.
type shop struct {
	*Repository
	server *githubtest.Server
	repo   *githubtest.Repository
	pull   int
	head   string // commit of the pull request
}

func simulate(t *testing.T, permissions map[string]string) shop {
	t.Helper()
	server, err := githubtest.Start(githubtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		for _, breach := range server.Breaches() {
			t.Errorf("off contract: %s", breach)
		}
		for _, r := range server.Requests() {
			if r.OffContract != "" {
				t.Errorf("%s %s: %s", r.Method, r.Path, r.OffContract)
			}
		}
	})
	installation := server.AddInstallation("acme", permissions)
	repo, err := server.AddRepository("acme", "shop", true)
	if err != nil {
		t.Fatal(err)
	}
	s := shop{server: server, repo: repo}
	var lines strings.Builder
	for i := range 30 {
		fmt.Fprintf(&lines, "l%d: %d\n", i+1, i+1)
	}
	old := lines.String()
	changed := strings.Replace(strings.Replace(old, "l3: 3", "l3: three", 1), "l4: 4", "l4: four", 1)
	if _, err := repo.Commit("main", "Start", map[string]*string{"a.yaml": &old, "docs/b.yaml": &old}); err != nil {
		t.Fatal(err)
	}
	if s.head, err = repo.Commit("feature", "Change", map[string]*string{"a.yaml": &changed}); err != nil {
		t.Fatal(err)
	}
	if s.pull, err = repo.OpenPullRequest(githubtest.NewPullRequest{Head: "feature", Title: "Change a", Author: "ada"}); err != nil {
		t.Fatal(err)
	}
	app, err := Open(Options{AppID: server.App().ID, PrivateKey: server.App().Key, BaseURL: server.URL, WriteInterval: -1, Audit: func(AuditLine) {}})
	if err != nil {
		t.Fatal(err)
	}
	s.Repository = app.Repository(installation, "acme", "shop")
	return s
}

func TestSimulatedReview(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	pull, err := s.PullRequest(ctx, s.pull)
	if err != nil {
		t.Fatal(err)
	}
	if pull.Head.SHA != s.head || pull.Author != "ada" || !pull.Open || pull.Fork || pull.Base.Name != "main" || pull.DefaultBranch != "main" {
		t.Errorf("pull request %+v", pull)
	}
	files, err := s.PullRequestFiles(ctx, s.pull)
	if err != nil || len(files) != 1 || files[0].Path != "a.yaml" || !strings.Contains(files[0].Patch, "+l3: three") {
		t.Errorf("files %+v, %v", files, err)
	}

	good := ReviewComment{Path: "a.yaml", Line: 4, StartLine: 3, Body: "two lines"}
	err = s.CreateReview(ctx, s.pull, s.head, []ReviewComment{good, {Path: "a.yaml", Line: 25, Body: "off the diff"}})
	if !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "must be part of the diff") {
		t.Errorf("a comment off the diff: %v", err)
	}
	if err := s.CreateReview(ctx, s.pull, s.head, []ReviewComment{good, {Path: "a.yaml", Line: 6, StartLine: 6, Body: "context"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateFileComment(ctx, s.pull, s.head, "a.yaml", "the file"); err != nil {
		t.Fatal(err)
	}
	threads, err := s.Threads(ctx, s.pull)
	if err != nil {
		t.Fatal(err)
	}
	login, err := s.app.Login(ctx)
	if err != nil {
		t.Fatal(err)
	}
	type said struct {
		Path            string
		Line, StartLine int
		Body            string
	}
	var got []said
	for _, thread := range threads {
		first := thread.Comments[0]
		got = append(got, said{thread.Path, thread.Line, thread.StartLine, first.Body})
		if first.Author != login || first.ID == 0 || thread.Resolved {
			t.Errorf("thread %+v", thread)
		}
	}
	want := []said{{"a.yaml", 4, 3, "two lines"}, {"a.yaml", 6, 0, "context"}, {"a.yaml", 0, 0, "the file"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.converse(t, threads[0])
}

// converse changes a comment, and resolves and opens its thread.
func (s shop) converse(t *testing.T, thread Thread) {
	ctx := t.Context()
	if err := s.UpdateComment(ctx, thread.Comments[0].ID, "better"); err != nil {
		t.Error(err)
	}
	for _, step := range []struct {
		set      func(id string) error
		resolved bool
	}{
		{func(id string) error { return s.ResolveThread(ctx, id) }, true},
		{func(id string) error { return s.UnresolveThread(ctx, id) }, false},
	} {
		if err := step.set(thread.ID); err != nil {
			t.Fatal(err)
		}
		threads, err := s.Threads(ctx, s.pull)
		if err != nil {
			t.Fatal(err)
		}
		now := threads[0]
		if now.Resolved != step.resolved || len(now.Comments) != 1 || now.Comments[0].Body != "better" {
			t.Errorf("thread %+v", now)
		}
	}
}

func TestSimulatedConversation(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	asked, err := s.repo.Comment(s.pull, "ada", "/kustodian fix")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.React(ctx, asked, "eyes"); err != nil {
		t.Error(err)
	}
	comments, err := s.IssueComments(ctx, s.pull)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Comment{{ID: asked, Author: "ada", Body: "/kustodian fix"}}, comments); diff != "" {
		t.Error(diff)
	}
	s.repo.SetPermission("grace", "maintain")
	for user, want := range map[string]string{"grace": "write", "nobody-of-that-name": "none"} {
		if got, err := s.Permission(ctx, user); err != nil || got != want {
			t.Errorf("%s may %q, %v; want %q", user, got, err, want)
		}
	}
}

func TestSimulatedCheckRun(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	id, err := s.CreateCheckRun(ctx, CheckRun{Name: "kustodian", HeadSHA: s.head, ExternalID: "acme/shop#1", Conclusion: "neutral",
		Title: "t", Summary: strings.Repeat("é", 70_000), Annotations: annotations(120)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateCheckRun(ctx, CheckRun{ID: id, Name: "kustodian", Conclusion: "success", Title: "better", Summary: "s"}); err != nil {
		t.Fatal(err)
	}
	runs, err := s.CheckRuns(ctx, s.head, "kustodian")
	if err != nil {
		t.Fatal(err)
	}
	want := []CheckRun{{ID: id, Name: "kustodian", HeadSHA: s.head, ExternalID: "acme/shop#1", Conclusion: "success", Title: "better", Summary: "s"}}
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Error(diff)
	}
	kept := s.repo.CheckRuns(s.head)
	if len(kept) != 1 || len(kept[0].Annotations) != 120 {
		t.Errorf("kept %d runs", len(kept))
	}
	var states []int
	for _, r := range s.server.Requests() {
		if strings.HasPrefix(r.Operation, "checks/") && r.Method != http.MethodGet {
			states = append(states, r.Status)
		}
	}
	if !slices.Equal(states, []int{201, 200, 200, 200}) {
		t.Errorf("requests %v", states)
	}
}

func TestSimulatedFix(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	if mode, err := s.Mode(ctx); err != nil || mode != Fix {
		t.Errorf("mode %s, %v", mode, err)
	}
	if _, err := s.BranchHead(ctx, "kustodian/fix"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a branch that is not there: %v", err)
	}
	if err := s.CreateBranch(ctx, "kustodian/fix", s.head); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateBranch(ctx, "kustodian/fix", s.head); !errors.Is(err, ErrExists) {
		t.Errorf("a branch twice: %v", err)
	}
	commit := Commit{Branch: "kustodian/fix", Head: s.head, Message: "Pin images\n\nBecause.\n", Changes: []Change{
		{Path: "a.yaml", Content: []byte("a: 1\n")}, {Path: "deep/empty.yaml"}, {Path: "docs/b.yaml", Delete: true},
	}}
	made, err := s.CommitOnBranch(ctx, commit)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CommitOnBranch(ctx, commit); !errors.Is(err, ErrStale) {
		t.Errorf("a commit on a head that moved: %v", err)
	}
	if head, err := s.BranchHead(ctx, "kustodian/fix"); err != nil || head != made {
		t.Errorf("head %s, %v; want %s", head, err, made)
	}
	paths, err := s.repo.Paths(made)
	if err != nil || !slices.Equal(paths, []string{"a.yaml", "deep/empty.yaml"}) {
		t.Errorf("paths %v, %v", paths, err)
	}
	if raw, err := s.Contents(ctx, "a.yaml", made); err != nil || string(raw) != "a: 1\n" {
		t.Errorf("contents %q, %v", raw, err)
	}
	for _, path := range []string{"deep", "nothing.yaml"} {
		if _, err := s.Contents(ctx, path, made); !errors.Is(err, ErrNotFound) {
			t.Errorf("contents of %s: %v", path, err)
		}
	}
	s.propose(t)
}

// propose opens a pull request from the branch of the fix, and closes it.
func (s shop) propose(t *testing.T) {
	ctx := t.Context()
	wish := NewPullRequest{Title: "Fix", Body: "b", Head: "kustodian/fix", Base: "feature"}
	made, err := s.CreatePullRequest(ctx, wish)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreatePullRequest(ctx, wish); !errors.Is(err, ErrExists) {
		t.Errorf("a pull request twice: %v", err)
	}
	wish.Head = "kustodian/nothing"
	if _, err := s.CreatePullRequest(ctx, wish); !errors.Is(err, ErrRejected) {
		t.Errorf("a pull request of nothing: %v", err)
	}
	s.repo.SetPermission("grace", "write")
	if err := s.RequestReviewers(ctx, made.Number, []string{"grace"}, nil); err != nil {
		t.Error(err)
	}
	found, err := s.PullRequests(ctx, PullRequestQuery{Head: "kustodian/fix", Base: "feature"})
	if err != nil || len(found) != 1 || found[0].Number != made.Number || found[0].Author != "kustodian[bot]" {
		t.Errorf("found %+v, %v", found, err)
	}
	title, open := "Fixes", false
	if err := s.UpdatePullRequest(ctx, made.Number, PullRequestUpdate{Title: &title, Open: &open}); err != nil {
		t.Error(err)
	}
	if now, err := s.PullRequest(ctx, made.Number); err != nil || now.Open || now.Merged || now.Title != title || now.Body != "b" {
		t.Errorf("closed %+v, %v", now, err)
	}
	if err := s.AddLabels(ctx, made.Number, "kustodian", "fix"); err != nil {
		t.Error(err)
	}
	if now, err := s.repo.PullRequest(made.Number); err != nil || !slices.Equal(now.Labels, []string{"kustodian", "fix"}) {
		t.Errorf("labelled %+v, %v", now, err)
	}
	for range 2 {
		if err := s.DeleteBranch(ctx, "kustodian/fix"); err != nil {
			t.Errorf("deleting: %v", err)
		}
	}
}

func TestSimulatedReportMode(t *testing.T) {
	s, ctx := simulate(t, map[string]string{"contents": "read", "pull_requests": "write", "checks": "write"}), t.Context()
	if mode, err := s.Mode(ctx); err != nil || mode != Report {
		t.Errorf("mode %s, %v", mode, err)
	}
	if err := s.CreateReview(ctx, s.pull, s.head, []ReviewComment{{Path: "a.yaml", Line: 3, Body: "b"}}); err != nil {
		t.Fatal(err)
	}
	threads, err := s.Threads(ctx, s.pull)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ResolveThread(ctx, threads[0].ID); !errors.Is(err, ErrForbidden) {
		t.Errorf("resolving: %v", err)
	}
	if err := s.CreateBranch(ctx, "kustodian/fix", s.head); !errors.Is(err, ErrForbidden) {
		t.Errorf("creating a branch: %v", err)
	}
}

func TestSimulatedApp(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	found, err := s.app.Installations(ctx)
	want := []Installation{{ID: s.installation, Account: "acme", Mode: Fix}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if found, err := s.app.InstallationOf(ctx, "acme", "shop"); err != nil || found != want[0] {
		t.Errorf("installation of the shop %+v, %v", found, err)
	}
	if _, err := s.app.InstallationOf(ctx, "acme", "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("installation of nothing: %v", err)
	}
	repositories, err := s.app.InstallationRepositories(ctx, s.installation)
	if err != nil || len(repositories) != 1 || repositories[0].Name != "shop" || repositories[0].Owner != "acme" {
		t.Errorf("repositories %+v, %v", repositories, err)
	}
	info, err := s.Info(ctx)
	if diff := cmp.Diff(repositories[0], info); diff != "" || err != nil || info.DefaultBranch != "main" {
		t.Error(diff, err, info)
	}
	if _, err := s.app.Repository(s.installation, "acme", ".github").Contents(ctx, ".kustodian.yaml", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("an organisation without a .github: %v", err)
	}
	if err := s.server.Suspend(s.installation, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mode(ctx); !errors.Is(err, ErrSuspended) {
		t.Errorf("suspended: %v", err)
	}
	if _, err := s.app.Repository(s.installation, "acme", "other").Info(ctx); !errors.Is(err, ErrSuspended) {
		t.Errorf("a token of a suspended installation: %v", err)
	}
}

func TestSimulatedFaults(t *testing.T) {
	s, ctx := simulate(t, fixes), t.Context()
	s.server.Fault("pulls/get", githubtest.Fault{Times: 2, Status: http.StatusBadGateway})
	if _, err := s.PullRequest(ctx, s.pull); err != nil {
		t.Errorf("reading past two faults: %v", err)
	}
	s.server.Fault("pulls/create-review-comment", githubtest.Fault{Times: 1, LoseAnswer: true})
	if err := s.CreateFileComment(ctx, s.pull, s.head, "a.yaml", "once"); err == nil {
		t.Error("a lost answer is taken for one")
	}
	if threads, err := s.Threads(ctx, s.pull); err != nil || len(threads) != 1 {
		t.Errorf("%d threads after a lost answer, %v", len(threads), err)
	}
	s.server.Fault("pulls/create-review-comment", githubtest.Fault{Times: 1, Status: http.StatusTooManyRequests})
	var limit *LimitError
	if err := s.CreateFileComment(ctx, s.pull, s.head, "a.yaml", "twice"); !errors.As(err, &limit) {
		t.Errorf("429: %v", err)
	}
	if _, err := s.PullRequest(ctx, s.pull); !errors.As(err, &limit) {
		t.Errorf("reading before the limit has passed: %v", err)
	}
}
