// Package conformance asks a GitHub, from outside, whether it keeps the rules that the bot relies on. The same steps run
// against the simulator in the tests and against github.com by whoever owns an App there:
//
//	GITHUB_CONFORMANCE_APP=123 GITHUB_CONFORMANCE_KEY=app.pem GITHUB_CONFORMANCE_INSTALLATION=456 \
//	GITHUB_CONFORMANCE_REPOSITORY=acme/sandbox go test ./bot/githubtest/conformance
//
// GITHUB_CONFORMANCE_URL names another server than https://api.github.com, and GITHUB_CONFORMANCE_OTHER a private
// repository that the installation does not reach.
//
// It makes branches and pull requests whose names begin with "conformance-" in that repository, and takes the branches
// away again. The installation grants contents, pull requests, issues and checks, each write.
package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Target is the GitHub to ask.
type Target struct {
	// URL is the root of REST, as in https://api.github.com; GraphQL is at URL/graphql.
	URL string
	// App, Key and Installation are the App's id, its private key as PEM and the installation's id.
	App          int64
	Key          []byte
	Installation int64
	// Repository is OWNER/NAME of a repository that the installation reaches, with a commit on its default branch.
	Repository string

	// What follows moves what cannot be moved from outside. A step that needs one that is nil is skipped.

	// Suspend suspends the installation or lifts that.
	Suspend func(bool) error
	// Advance lets the clock of the other side run ahead.
	Advance func(time.Duration)
	// Hook sends the App's webhooks to an address and says what signs them.
	Hook func(url string) (secret string)
	// OtherRepository is the full name of a private repository that exists and that the installation does not reach.
	OtherRepository string
}

// step is one rule, as a question that has an answer.
type step struct {
	name string
	ask  func(*testing.T, *kit)
}

// Conformance runs every step as a subtest. Steps that need what the target cannot do are skipped, by name.
func Conformance(t *testing.T, target Target) {
	k := newKit(t, target)
	for _, s := range steps() {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) { s.ask(t, k) })
	}
}

func steps() []step {
	var all []step
	for _, group := range [][]step{commentSteps, gitSteps, accessSteps, answerSteps, hookSteps, suspendSteps} {
		all = append(all, group...)
	}
	return all
}

// kit is a pull request to ask about, and who asks.
type kit struct {
	client
	target Target
	// base and head are branches of their own; basePath has 60 numbered lines and head changes three of them.
	base, head string
	baseSHA    string
	headSHA    string
	number     int
}

const changed = "conformance/lines.txt"

// lines are 60 numbered lines with some replaced.
func lines(replaced map[int]string) string {
	var text strings.Builder
	for i := 1; i <= 60; i++ {
		if line, ok := replaced[i]; ok {
			fmt.Fprintln(&text, line)
		} else {
			fmt.Fprintf(&text, "line %d\n", i)
		}
	}
	return text.String()
}

// newKit opens a pull request that changes line 10, deletes nothing, and changes line 40 in a hunk of its own.
func newKit(t *testing.T, target Target) *kit {
	t.Helper()
	k := &kit{target: target}
	k.client = newClient(t, target)
	var repository struct {
		DefaultBranch string `json:"default_branch"`
	}
	k.get(t, "", &repository)
	start := k.ref(t, repository.DefaultBranch)
	name := fmt.Sprintf("conformance-%d", time.Now().UnixNano())
	k.base, k.head = name+"-base", name+"-head"
	k.baseSHA = k.commit(t, start, map[string]string{changed: lines(nil)})
	k.headSHA = k.commit(t, k.baseSHA, map[string]string{changed: lines(map[int]string{10: "ten", 40: "forty"})})
	k.branch(t, k.base, k.baseSHA)
	k.branch(t, k.head, k.headSHA)
	k.number = k.open(t, k.head, k.base)
	return k
}

func (k *kit) ref(t *testing.T, branch string) string {
	t.Helper()
	var ref struct{ Object struct{ SHA string } }
	k.get(t, "/git/ref/heads/"+branch, &ref)
	return ref.Object.SHA
}

// commit makes a commit through the Git Data API.
func (k *kit) commit(t *testing.T, parent string, files map[string]string) string {
	t.Helper()
	entries := []any{}
	for path, content := range files {
		entries = append(entries, map[string]any{"path": path, "mode": "100644", "type": "blob", "content": content})
	}
	var parentCommit struct{ Tree struct{ SHA string } }
	k.get(t, "/git/commits/"+parent, &parentCommit)
	var tree, commit struct{ SHA string }
	k.want(t, http.StatusCreated, k.post("/git/trees", map[string]any{"base_tree": parentCommit.Tree.SHA, "tree": entries})).into(t, &tree)
	k.want(t, http.StatusCreated, k.post("/git/commits", map[string]any{"message": "Change lines", "tree": tree.SHA, "parents": []string{parent}})).into(t, &commit)
	return commit.SHA
}

// branch makes a branch that goes when the test ends.
func (k *kit) branch(t *testing.T, name, sha string) {
	t.Helper()
	k.want(t, http.StatusCreated, k.post("/git/refs", map[string]any{"ref": "refs/heads/" + name, "sha": sha}))
	t.Cleanup(func() { k.request(http.MethodDelete, k.repo("/git/refs/heads/"+name), nil) })
}

func (k *kit) open(t *testing.T, head, base string) int {
	t.Helper()
	var pull struct{ Number int }
	k.want(t, http.StatusCreated, k.post("/pulls", map[string]any{"title": "Conformance", "head": head, "base": base})).into(t, &pull)
	return pull.Number
}

func (k *kit) pull(format string, args ...any) string {
	return fmt.Sprintf("/pulls/%d", k.number) + fmt.Sprintf(format, args...)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (a answer) into(t *testing.T, value any) {
	t.Helper()
	if err := json.Unmarshal(a.body, value); err != nil {
		t.Fatalf("reading %.300s: %v", a.body, err)
	}
}

// says wants a text somewhere in the answer's body.
func (a answer) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(string(a.body), text) {
			t.Errorf("the answer does not say %q:\n%.600s", text, a.body)
		}
	}
}

// want wants a status and gives the answer back.
func (k *kit) want(t *testing.T, status int, a answer) answer {
	t.Helper()
	if a.err != nil {
		t.Fatal(a.err)
	}
	if a.status != status {
		t.Fatalf("status %d, want %d:\n%.600s", a.status, status, a.body)
	}
	return a
}
