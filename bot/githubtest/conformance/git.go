package conformance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var gitSteps = []step{
	{"a reference that exists is refused", refExists},
	{"an update that is not a fast forward is refused", refNotForward},
	{"an update of a missing reference is refused", refMissing},
	{"an update to an unknown object is refused", refUnknownObject},
	{"a second pull request of a branch is refused", pullExists},
	{"a pull request without commits is refused", pullWithoutCommits},
	{"a pull request of a missing branch is refused", pullWithoutHead},
	{"a commit on a stale branch is refused", commitStale},
	{"a commit on a branch is signed", commitSigned},
	{"git serves heads and pull requests", gitServes},
}

func refExists(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.post("/git/refs", map[string]any{"ref": "refs/heads/" + k.head, "sha": k.baseSHA})).says(t, "Reference already exists")
}

func (k *kit) update(branch, sha string, force bool) answer {
	return k.request(http.MethodPatch, k.repo("/git/refs/heads/"+branch), map[string]any{"sha": sha, "force": force})
}

func refNotForward(t *testing.T, k *kit) {
	k.branch(t, k.head+"-ff", k.headSHA)
	k.want(t, http.StatusUnprocessableEntity, k.update(k.head+"-ff", k.baseSHA, false)).says(t, "Update is not a fast forward")
	k.want(t, http.StatusOK, k.update(k.head+"-ff", k.baseSHA, true))
}

func refMissing(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.update(k.head+"-missing", k.headSHA, false)).says(t, "Reference does not exist")
}

func refUnknownObject(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.update(k.head, strings.Repeat("1", 40), false)).says(t, "Object does not exist")
}

func (k *kit) openAnswer(head, base string) answer {
	return k.post("/pulls", map[string]any{"title": "Conformance", "head": head, "base": base})
}

func pullExists(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.openAnswer(k.head, k.base)).says(t, "A pull request already exists for ", `"code":"custom"`)
}

func pullWithoutCommits(t *testing.T, k *kit) {
	k.branch(t, k.base+"-same", k.baseSHA)
	k.want(t, http.StatusUnprocessableEntity, k.openAnswer(k.base+"-same", k.base)).says(t, fmt.Sprintf("No commits between %s and %s", k.base, k.base+"-same"))
}

func pullWithoutHead(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.openAnswer(k.head+"-missing", k.base)).says(t, `"field":"head"`, `"code":"invalid"`)
}

func (k *kit) commitOnBranch(branch, expected, content string) answer {
	return k.graph(`mutation($in: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $in) { commit { oid } } }`, map[string]any{"in": map[string]any{
		"branch":          map[string]any{"repositoryNameWithOwner": k.repository, "branchName": branch},
		"expectedHeadOid": expected, "message": map[string]any{"headline": "Change a line"},
		"fileChanges": map[string]any{"additions": []any{map[string]any{"path": changed, "contents": base64.StdEncoding.EncodeToString([]byte(content))}}},
	}})
}

func commitStale(t *testing.T, k *kit) {
	a := k.want(t, http.StatusOK, k.commitOnBranch(k.head, k.baseSHA, lines(nil)))
	a.says(t, `"createCommitOnBranch":null`, "STALE_DATA", `Expected branch to point to \"`+k.baseSHA+`\" but it did not.  Pull and try again.`)
}

func commitSigned(t *testing.T, k *kit) {
	k.branch(t, k.head+"-signed", k.headSHA)
	var made struct {
		Data struct {
			CreateCommitOnBranch struct{ Commit struct{ OID string } }
		}
	}
	k.want(t, http.StatusOK, k.commitOnBranch(k.head+"-signed", k.headSHA, lines(map[int]string{10: "eleven"}))).into(t, &made)
	sha := made.Data.CreateCommitOnBranch.Commit.OID
	if got := k.ref(t, k.head+"-signed"); got != sha {
		t.Errorf("the branch is at %s, the commit is %s", got, sha)
	}
	k.get(t, "/git/commits/"+sha, nil).says(t, `"verified":true`)
}

func gitServes(t *testing.T, k *kit) {
	git := func(token string) (string, error) {
		address := k.target.gitURL()
		cmd := exec.CommandContext(t.Context(), "git", "-c", "http.extraHeader=Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token)), "ls-remote", address)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_TERMINAL_PROMPT=0")
		out, err := cmd.Output()
		return string(out), err
	}
	out, err := git(k.token)
	if err != nil {
		t.Fatalf("listing references: %v", err)
	}
	for _, want := range []string{k.headSHA + "\trefs/heads/" + k.head + "\n", fmt.Sprintf("%s\trefs/pull/%d/head\n", k.headSHA, k.number)} {
		if !strings.Contains(out, want) {
			t.Errorf("git lists no %q", want)
		}
	}
	if out, err := git("ghs_wrong"); err == nil {
		t.Errorf("a token that is none listed %d bytes", len(out))
	}
}

// gitURL is where git finds the repository: github.com has REST at a host of its own, others in a folder.
func (target Target) gitURL() string {
	root := strings.Replace(target.URL, "://api.github.com", "://github.com", 1)
	return strings.TrimSuffix(root, "/api/v3") + "/" + target.Repository + ".git"
}
