package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const at = "/repos/acme/shop/"

// TestGuard sends requests past every client, straight at the guard.
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		passes             bool
	}{
		// Branches of the App's own, and no others, however they are named.
		{"POST", at + "git/refs", `{"ref":"refs/heads/kustodian/fix","sha":"abc"}`, true},
		{"POST", at + "git/refs", `{"ref":"refs/heads/main","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"ref":"refs/heads/kustodian","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"ref":"refs/heads/kustodian/","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"ref":"refs/heads/kustodian/../main","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"ref":"refs/heads/Kustodian/fix","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"ref":"refs/tags/kustodian/v1","sha":"abc"}`, false},
		{"POST", at + "git/refs", `{"sha":"abc"}`, false},
		{"POST", at + "git/refs", `not JSON`, false},
		{"DELETE", at + "git/refs/heads/kustodian/fix", "", true},
		{"DELETE", at + "git/refs/heads/kustodian%2Ffix", "", true},
		{"DELETE", at + "git/refs/heads/main", "", false},
		{"DELETE", at + "git/refs/heads/kustodian/%2e%2e/main", "", false},
		{"PATCH", at + "git/refs/heads/main", `{"sha":"abc"}`, false},

		// Contents go through createCommitOnBranch alone.
		{"PUT", at + "contents/a.yaml", `{"branch":"main","content":""}`, false},
		{"PUT", at + "contents/.github/workflows/x.yml", `{"branch":"kustodian/fix","content":""}`, false},
		{"DELETE", at + "contents/CODEOWNERS", `{"branch":"kustodian/fix"}`, false},
		{"POST", at + "git/trees", `{"tree":[{"path":".github/x"}]}`, false},
		{"POST", at + "merges", `{"base":"main","head":"kustodian/fix"}`, false},
		{"PUT", at + "pulls/7/merge", `{}`, false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "base/web.yaml"), true},
		{"POST", "/graphql", commit("ACME/shop", "refs/heads/kustodian/fix", "base/github/CODEOWNERS.md"), true},
		{"POST", "/graphql", commit("acme/shop", "main", "base/web.yaml"), false},
		{"POST", "/graphql", commit("acme/shop", "refs/heads/main", "base/web.yaml"), false},
		{"POST", "/graphql", commit("acme/other", "kustodian/fix", "base/web.yaml"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", ".github/workflows/x.yml"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", ".GitHub/x"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "a/../.github/x"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "/.github/x"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "./CODEOWNERS"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "CODEOWNERS"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", "docs/CODEOWNERS"), false},
		{"POST", "/graphql", commit("acme/shop", "kustodian/fix", ".github/CODEOWNERS"), false},
		{"POST", "/graphql", strings.Replace(commit("acme/shop", "kustodian/fix", "CODEOWNERS"), "additions", "deletions", 1), false},

		// What the document itself says counts as much as its variables.
		{"POST", "/graphql", document(`mutation { createCommitOnBranch(input: {branch: {repositoryNameWithOwner: "acme/shop", branchName: "main"}}) { commit { oid } } }`), false},
		{"POST", "/graphql", document(`mutation { createCommitOnBranch(input: {branch: {id: "R_1"}}) { commit { oid } } }`), false},
		{"POST", "/graphql", document(`mutation { ... on Mutation { createRef(input: {}) { ref { id } } } }`), false},
		{"POST", "/graphql", document(`mutation { a: resolveReviewThread(input: {threadId: "1"}) { thread { id } } b: createRef(input: {}) { ref { id } } }`), false},
		{"POST", "/graphql", document(`query q { viewer { login } } mutation m { mergePullRequest(input: {}) { clientMutationId } }`), false},
		{"POST", "/graphql", document(`mutation { resolveReviewThread: mergePullRequest(input: {}) { clientMutationId } }`), false},
		{"POST", "/graphql", document(`mutation { resolveReviewThread(input: {threadId: "1"}) { thread { id } } }`), true},
		{"POST", "/graphql", document(`{ viewer { login } }`), true},
		{"POST", "/graphql", document(`mutation {`), false},

		// The rest of what the bot writes, of its own repository only.
		{"POST", at + "pulls/7/reviews", `{}`, true},
		{"POST", at + "check-runs", `{}`, true},
		{"POST", at + "pulls/7/reviews/1/dismissals", `{}`, false},
		{"POST", at + "issues/7/comments", `{}`, false},
		{"PATCH", at + "issues/comments/1", `{}`, false},
		{"POST", "/repos/acme/other/check-runs", `{}`, false},
		{"POST", "/repos/acme/shop/../other/check-runs", `{}`, false},
		{"POST", "/repositories/1/check-runs", `{}`, false},
		{"PUT", at + "collaborators/eve", `{}`, false},
		{"PUT", "/app/installations/3/suspended", `{}`, false},
		{"GET", at + "contents/.github/CODEOWNERS", "", true},
	} {
		t.Run(fmt.Sprintf("%s %s %.90s", c.method, c.path, c.body), func(t *testing.T) {
			var lines []AuditLine
			upstream := serve(t)
			left := false
			g := &guard{app: upstream.app(Options{Audit: collect(&lines)}), grant: grant{3, "acme", "shop", writing}, next: wireFunc(
				func(req *http.Request) (*http.Response, error) {
					left = true
					return reply(http.StatusOK, `{"data":{}}`), nil
				})}
			req, err := http.NewRequest(c.method, upstream.URL+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := g.RoundTrip(req)
			if err == nil {
				answer.Body.Close()
			}
			if left != c.passes || (err == nil) != c.passes {
				t.Errorf("left %v, error %v, want it to pass: %v", left, err, c.passes)
			}
			if !c.passes && (len(lines) != 1 || lines[0].Error == "" || lines[0].Status != 0) {
				t.Errorf("the refusal left %+v", lines)
			}
		})
	}
}

func TestGuardIsOnTheWay(t *testing.T) {
	upstream := serve(t)
	repository := upstream.app(Options{}).Repository(3, "acme", "shop")
	if err := repository.CreateBranch(t.Context(), "main", "abc"); !errors.Is(err, ErrRefused) {
		t.Errorf("creating main: %v", err)
	}
	_, err := repository.CommitOnBranch(t.Context(), Commit{Branch: "kustodian/fix", Head: "abc", Message: "m",
		Changes: []Change{{Path: "CODEOWNERS", Delete: true}}})
	if !errors.Is(err, ErrRefused) {
		t.Errorf("deleting CODEOWNERS: %v", err)
	}
	if n := len(upstream.seen) + len(upstream.minted); n > 0 {
		t.Errorf("%d requests left", n)
	}
}

// commit is the body of a commit of one file.
func commit(repository, branch, path string) string {
	variables, err := json.Marshal(map[string]any{"input": map[string]any{
		"branch":          map[string]any{"repositoryNameWithOwner": repository, "branchName": branch},
		"expectedHeadOid": "abc",
		"fileChanges":     map[string]any{"additions": []any{map[string]any{"path": path, "contents": ""}}},
	}})
	if err != nil {
		panic(err)
	}
	query, err := queries.ReadFile("queries/commit.graphql")
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"query":%q,"variables":%s}`, query, variables)
}

func document(query string) string { return fmt.Sprintf(`{"query":%q}`, query) }
