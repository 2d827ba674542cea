package github

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// calls are all of a repository's calls, with the token that each takes.
var calls = []struct {
	name   string
	level  level
	writes int // requests
	call   func(context.Context, *Repository) error
}{
	{"Info", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.Info(ctx)) }},
	{"Permission", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.Permission(ctx, "ada")) }},
	{"Contents", reading, 0, func(ctx context.Context, r *Repository) error {
		return second(r.Contents(ctx, "a b/.kustodian.yaml", "main"))
	}},
	{"PullRequest", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.PullRequest(ctx, 7)) }},
	{"PullRequestFiles", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.PullRequestFiles(ctx, 7)) }},
	{"PullRequests", reading, 0, func(ctx context.Context, r *Repository) error {
		return second(r.PullRequests(ctx, PullRequestQuery{Head: "kustodian/fix", Base: "main", State: "all"}))
	}},
	{"CreatePullRequest", writing, 1, func(ctx context.Context, r *Repository) error {
		return second(r.CreatePullRequest(ctx, NewPullRequest{Title: "t", Body: "b", Head: "kustodian/fix", Base: "main"}))
	}},
	{"UpdatePullRequest", reporting, 1, func(ctx context.Context, r *Repository) error {
		closed := false
		return r.UpdatePullRequest(ctx, 7, PullRequestUpdate{Open: &closed})
	}},
	{"AddLabels", reporting, 1, func(ctx context.Context, r *Repository) error { return r.AddLabels(ctx, 7, "kustodian") }},
	{"RequestReviewers", reporting, 1, func(ctx context.Context, r *Repository) error {
		return r.RequestReviewers(ctx, 7, []string{"ada"}, []string{"shop"})
	}},
	{"IssueComments", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.IssueComments(ctx, 7)) }},
	{"React", reporting, 1, func(ctx context.Context, r *Repository) error { return r.React(ctx, 1, "eyes") }},
	{"Threads", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.Threads(ctx, 7)) }},
	{"ResolveThread", writing, 1, func(ctx context.Context, r *Repository) error { return r.ResolveThread(ctx, "PRRT_1") }},
	{"UnresolveThread", writing, 1, func(ctx context.Context, r *Repository) error { return r.UnresolveThread(ctx, "PRRT_1") }},
	{"CreateReview", reporting, 1, func(ctx context.Context, r *Repository) error {
		return r.CreateReview(ctx, 7, "abc", []ReviewComment{{Path: "a.yaml", Line: 3, StartLine: 2, Body: "b"}, {Path: "a.yaml", Line: 9, Body: "b"}})
	}},
	{"CreateFileComment", reporting, 1, func(ctx context.Context, r *Repository) error {
		return r.CreateFileComment(ctx, 7, "abc", "a.yaml", "b")
	}},
	{"UpdateComment", reporting, 1, func(ctx context.Context, r *Repository) error { return r.UpdateComment(ctx, 1, "b") }},
	{"CheckRuns", reporting, 0, func(ctx context.Context, r *Repository) error { return second(r.CheckRuns(ctx, "abc", "kustodian")) }},
	{"CreateCheckRun", reporting, 3, func(ctx context.Context, r *Repository) error {
		return second(r.CreateCheckRun(ctx, CheckRun{Name: "kustodian", HeadSHA: "abc", Conclusion: "neutral", Title: "t",
			Summary: strings.Repeat("ä", 70_000), Annotations: annotations(120)}))
	}},
	{"UpdateCheckRun", reporting, 1, func(ctx context.Context, r *Repository) error {
		return r.UpdateCheckRun(ctx, CheckRun{ID: 1, Name: "kustodian", Conclusion: "success", Title: "t", Summary: "s", Annotations: annotations(50)})
	}},
	{"BranchHead", reading, 0, func(ctx context.Context, r *Repository) error { return second(r.BranchHead(ctx, "feature/a")) }},
	{"CreateBranch", writing, 1, func(ctx context.Context, r *Repository) error { return r.CreateBranch(ctx, "kustodian/fix", "abc") }},
	{"DeleteBranch", writing, 1, func(ctx context.Context, r *Repository) error { return r.DeleteBranch(ctx, "kustodian/fix") }},
	{"CommitOnBranch", writing, 1, func(ctx context.Context, r *Repository) error {
		return second(r.CommitOnBranch(ctx, Commit{Branch: "kustodian/fix", Head: "abc", Message: "Pin\n\nWhy.",
			Changes: []Change{{Path: "a.yaml", Content: []byte("a: b\n")}, {Path: "empty"}, {Path: "old.yaml", Delete: true}}}))
	}},
}

func second[T any](_ T, err error) error { return err }

func annotations(n int) []Annotation {
	all := make([]Annotation, n)
	for i := range all {
		all[i] = Annotation{Path: "a.yaml", StartLine: i + 1, Level: "warning", Message: "m"}
	}
	return all
}

// apart are the methods of a repository that take no token of it or send nothing.
var apart = []string{"Mode", "GitToken", "String"}

func TestEveryCallIsListed(t *testing.T) {
	var want, got []string
	for m := range reflect.TypeFor[*Repository]().Methods() {
		want = append(want, m.Name)
	}
	for _, c := range calls {
		got = append(got, c.name)
	}
	got = append(got, apart...)
	slices.Sort(got) // as the methods are
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCalls holds every call to GitHub's contract, and to the one token it may take.
func TestCalls(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			upstream := serve(t)
			var lines []AuditLine
			app := upstream.app(Options{Audit: collect(&lines)})
			repository := app.Repository(3, "acme", "shop")
			if len(upstream.minted) > 0 {
				t.Error("a token was minted before there was a call")
			}
			ctx := WithAudit(t.Context(), Audit{Requester: "ada", Delivery: "d1", Fingerprints: []string{"f1"}})
			if err := c.call(ctx, repository); err != nil {
				t.Fatal(err)
			}
			permissions := c.level.permissions(false)
			for _, r := range upstream.seen {
				if got, want := r.Header.Get("Authorization"), "token "+named(permissions); got != want {
					t.Errorf("%s %s has %q, want %q", r.Method, r.URL, got, want)
				}
			}
			if len(upstream.minted) != 1 || !strings.Contains(string(upstream.minted[0]), `"repositories":["shop"]`) {
				t.Errorf("minted %s, want one token that names the repository", upstream.minted)
			}
			if len(lines) != c.writes {
				t.Errorf("%d audit lines, want %d: %+v", len(lines), c.writes, lines)
			}
			for _, line := range lines {
				if line.Requester != "ada" || line.Delivery != "d1" || line.Fingerprints[0] != "f1" || line.Repository != "acme/shop" ||
					line.Installation != 3 || line.Status/100 != 2 || line.Error != "" || named(line.Permissions) != named(permissions) {
					t.Errorf("audit line %+v", line)
				}
			}
		})
	}
}

// TestReadOnly sends every call through an App that may write nothing.
func TestReadOnly(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			upstream := serve(t)
			var lines []AuditLine
			app := upstream.app(Options{ReadOnly: true, Audit: collect(&lines)})
			err := c.call(t.Context(), app.Repository(3, "acme", "shop"))
			if c.writes == 0 {
				if err != nil || len(lines) > 0 {
					t.Errorf("reading: %v, %+v", err, lines)
				}
				for _, body := range upstream.minted {
					if strings.Contains(string(body), "write") {
						t.Errorf("minted %s", body)
					}
				}
				return
			}
			if !errors.Is(err, ErrReadOnly) || len(upstream.seen)+len(upstream.minted) > 0 {
				t.Errorf("got %v, and %d requests left", err, len(upstream.seen)+len(upstream.minted))
			}
			if len(lines) != 1 || lines[0].Status != 0 || !strings.Contains(lines[0].Error, ErrReadOnly.Error()) {
				t.Errorf("audit %+v", lines)
			}
		})
	}
}

func TestAuditOfACommit(t *testing.T) {
	upstream := serve(t)
	var lines []AuditLine
	repository := upstream.app(Options{Audit: collect(&lines)}).Repository(3, "acme", "shop")
	if err := repository.CreateBranch(t.Context(), "kustodian/fix", "abc"); err != nil {
		t.Fatal(err)
	}
	commit, err := repository.CommitOnBranch(t.Context(), Commit{Branch: "kustodian/fix", Head: "abc", Message: "m"})
	if err != nil || commit != "c0ffee" {
		t.Fatalf("committed %q, %v", commit, err)
	}
	type move struct{ Call, Ref, Old, New string }
	var got []move
	for _, line := range lines {
		got = append(got, move{line.Call, line.Ref, line.Old, line.New})
	}
	want := []move{
		{"POST /repos/acme/shop/git/refs", "refs/heads/kustodian/fix", "", "abc"},
		{"createCommitOnBranch", "refs/heads/kustodian/fix", "abc", "c0ffee"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThreads(t *testing.T) {
	upstream := serve(t)
	upstream.answer["threads"] = []byte(`{"repository":{"pullRequest":{"reviewThreads":{"pageInfo":{"hasNextPage":false},"nodes":[
		{"id":"T1","isResolved":true,"path":"a.yaml","line":3,"startLine":null,"comments":{"nodes":[
			{"fullDatabaseId":"9007199254740993","body":"b","author":{"__typename":"Bot","login":"kustodian"}},
			{"fullDatabaseId":"2","body":"c","author":null}]}}]}}}}`)
	got, err := upstream.app(Options{}).Repository(3, "acme", "shop").Threads(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	want := []Thread{{ID: "T1", Resolved: true, Path: "a.yaml", Line: 3, Comments: []Comment{
		{ID: 9007199254740993, Author: "kustodian[bot]", Body: "b"}, {ID: 2, Body: "c"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestApp(t *testing.T) {
	upstream := serve(t)
	app := upstream.app(Options{})
	if login, err := app.Login(t.Context()); err != nil || !strings.HasSuffix(login, "[bot]") {
		t.Errorf("login %q, %v", login, err)
	}
	if found, err := app.Installations(t.Context()); err != nil || len(found) == 0 {
		t.Errorf("installations %v, %v", found, err)
	}
	if _, err := app.Repository(3, "acme", "shop").Mode(t.Context()); err != nil {
		t.Errorf("mode: %v", err)
	}
	for _, r := range upstream.seen {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("%s is not asked as the App", r.URL)
		}
	}
	if found, err := app.InstallationRepositories(t.Context(), 3); err != nil || len(found) == 0 {
		t.Errorf("repositories %v, %v", found, err)
	}
	if want := `{"permissions":{"metadata":"read"}}`; strings.TrimSpace(string(upstream.minted[0])) != want {
		t.Errorf("minted %s, want %s", upstream.minted[0], want)
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct{ base, rest, graphql string }{
		{"", "https://api.github.com/", "https://api.github.com/graphql"},
		{"https://git.acme.example/api/v3", "https://git.acme.example/api/v3/", "https://git.acme.example/api/graphql"},
		{"https://api.acme.ghe.com/", "https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/graphql"},
		{"api.github.com", "", ""},
		{"ftp://api.github.com", "", ""},
	} {
		rest, graphql, err := endpoints(c.base)
		if c.rest == "" {
			if err == nil {
				t.Errorf("%q is taken", c.base)
			}
			continue
		}
		if err != nil || rest.String() != c.rest || graphql.String() != c.graphql {
			t.Errorf("%q: %s, %s, %v", c.base, rest, graphql, err)
		}
	}
}

// collect gathers audit lines.
func collect(into *[]AuditLine) func(AuditLine) {
	var mu sync.Mutex
	return func(line AuditLine) {
		mu.Lock()
		defer mu.Unlock()
		*into = append(*into, line)
	}
}
