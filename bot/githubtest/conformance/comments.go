package conformance

import (
	"net/http"
	"strings"
	"testing"
)

var commentSteps = []step{
	{"mergeable is null first", mergeableLate},
	{"comments on added context and deleted lines", validLines},
	{"a comment off the diff is refused", lineOffDiff},
	{"a comment on a path off the diff is refused", pathOffDiff},
	{"a comment on a file", fileComment},
	{"a review with one bad line stores nothing", reviewAllOrNothing},
	{"a range over two hunks is refused", rangeOverHunks},
	{"a range that ends where it starts is refused", rangeBackwards},
	{"a thread off the diff is null in graphql", graphThreadOffDiff},
	{"a commit of another branch is refused", foreignCommit},
	{"a body of 65537 characters is refused", longBody},
	{"51 annotations are refused and updates append", annotations},
	{"a summary of 65536 characters is refused", longSummary},
	{"threads are resolved and unresolved", resolveThread},
}

func (k *kit) comment(line int, side string, more ...any) answer {
	body := map[string]any{"body": "conformance", "commit_id": k.headSHA, "path": changed, "line": line, "side": side}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return k.post(k.pull("/comments"), body)
}

func mergeableLate(t *testing.T, k *kit) {
	var pull struct {
		Number    int
		Mergeable *bool
	}
	a := k.post("/pulls", map[string]any{"title": "Conformance", "head": k.base, "base": k.fresh(t)})
	k.want(t, http.StatusCreated, a).into(t, &pull)
	if pull.Mergeable != nil {
		t.Error("mergeable has a value at once")
	}
	for range 30 {
		if k.get(t, k.path("/pulls/%d", pull.Number), &pull); pull.Mergeable != nil {
			return
		}
	}
	t.Error("mergeable stayed null")
}

// fresh is a branch at the parent of base, so that base can be merged into it.
func (k *kit) fresh(t *testing.T) string {
	t.Helper()
	var commit struct{ Parents []struct{ SHA string } }
	k.get(t, "/git/commits/"+k.baseSHA, &commit)
	k.branch(t, k.base+"-0", commit.Parents[0].SHA)
	return k.base + "-0"
}

func validLines(t *testing.T, k *kit) {
	for _, at := range []struct {
		line int
		side string
	}{{10, "RIGHT"}, {7, "RIGHT"}, {13, "RIGHT"}, {10, "LEFT"}, {43, "LEFT"}} {
		var comment struct {
			Line int
			Side string
			Path string
		}
		k.want(t, http.StatusCreated, k.comment(at.line, at.side)).into(t, &comment)
		if comment.Line != at.line || comment.Side != at.side || comment.Path != changed {
			t.Errorf("asked for %v, got %+v", at, comment)
		}
	}
}

func lineOffDiff(t *testing.T, k *kit) {
	for _, line := range []int{6, 14, 60, 300} {
		k.want(t, http.StatusUnprocessableEntity, k.comment(line, "RIGHT")).says(t, "Validation Failed", "pull_request_review_thread.line must be part of the diff", "pull_request_review_thread.diff_hunk")
	}
}

func pathOffDiff(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.comment(1, "RIGHT", "path", "conformance/other.txt"))
}

func fileComment(t *testing.T, k *kit) {
	a := k.post(k.pull("/comments"), map[string]any{"body": "conformance", "commit_id": k.headSHA, "path": changed, "subject_type": "file"})
	k.want(t, http.StatusCreated, a).says(t, `"subject_type":"file"`)
}

func (k *kit) review(comments ...map[string]any) answer {
	return k.post(k.pull("/reviews"), map[string]any{"commit_id": k.headSHA, "event": "COMMENT", "body": "conformance", "comments": comments})
}

func at(line int, more ...any) map[string]any {
	comment := map[string]any{"path": changed, "body": "conformance", "line": line, "side": "RIGHT"}
	for i := 0; i+1 < len(more); i += 2 {
		comment[more[i].(string)] = more[i+1]
	}
	return comment
}

func reviewAllOrNothing(t *testing.T, k *kit) {
	before := k.count(t, "/reviews") + k.count(t, "/comments")
	k.want(t, http.StatusUnprocessableEntity, k.review(at(10), at(25))).says(t, "Unprocessable Entity", "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank")
	k.want(t, http.StatusUnprocessableEntity, k.review(at(10, "side", "MIDDLE")))
	if after := k.count(t, "/reviews") + k.count(t, "/comments"); after != before {
		t.Errorf("%d reviews and comments before, %d after a review that was refused", before, after)
	}
	k.want(t, http.StatusOK, k.review(at(10), at(41, "start_line", 40, "start_side", "RIGHT"))).says(t, `"state":"COMMENTED"`)
	if after := k.count(t, "/comments"); after == 0 {
		t.Error("a review left no comments")
	}
}

func (k *kit) count(t *testing.T, path string) int {
	t.Helper()
	var list []any
	k.get(t, k.pull("%s?per_page=100", path), &list)
	return len(list)
}

func rangeOverHunks(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.review(at(40, "start_line", 10, "start_side", "RIGHT"))).says(t, "Pull request review thread start line must be part of the same hunk as the line.")
}

func rangeBackwards(t *testing.T, k *kit) {
	for _, start := range []int{10, 11} {
		k.want(t, http.StatusUnprocessableEntity, k.review(at(10, "start_line", start, "start_side", "RIGHT"))).says(t, "Pull request review thread start line must precede the end line.")
	}
}

func graphThreadOffDiff(t *testing.T, k *kit) {
	var pull struct {
		NodeID string `json:"node_id"`
	}
	k.get(t, k.pull(""), &pull)
	a := k.graph(`mutation($in: AddPullRequestReviewThreadInput!) { addPullRequestReviewThread(input: $in) { thread { id } } }`,
		map[string]any{"in": map[string]any{"pullRequestId": pull.NodeID, "path": changed, "line": 25, "side": "RIGHT", "body": "conformance"}})
	var got struct {
		Data struct {
			AddPullRequestReviewThread *struct{ Thread *struct{ ID string } }
		}
	}
	k.want(t, http.StatusOK, a).into(t, &got)
	if got.Data.AddPullRequestReviewThread != nil && got.Data.AddPullRequestReviewThread.Thread != nil {
		t.Errorf("a thread off the diff was made: %s", a.body)
	}
}

func foreignCommit(t *testing.T, k *kit) {
	other := k.commit(t, k.baseSHA, map[string]string{changed: lines(map[int]string{10: "other"})})
	k.want(t, http.StatusUnprocessableEntity, k.comment(10, "RIGHT", "commit_id", other))
}

func longBody(t *testing.T, k *kit) {
	path := k.path("/issues/%d/comments", k.number)
	k.want(t, http.StatusUnprocessableEntity, k.post(path, map[string]any{"body": strings.Repeat("x", 65537)})).says(t, "ody is too long (maximum is 65536 characters)")
	k.want(t, http.StatusCreated, k.post(path, map[string]any{"body": strings.Repeat("é", 65536)}))
}

func (k *kit) check(t *testing.T, n int) answer {
	t.Helper()
	list := []any{}
	for range n {
		list = append(list, map[string]any{"path": changed, "start_line": 10, "end_line": 10, "annotation_level": "warning", "message": "conformance"})
	}
	return k.post("/check-runs", map[string]any{"name": "conformance", "head_sha": k.headSHA, "status": "in_progress", "output": map[string]any{"title": "t", "summary": "s", "annotations": list}})
}

func annotations(t *testing.T, k *kit) {
	k.want(t, http.StatusUnprocessableEntity, k.check(t, 51))
	var run struct {
		ID     int64
		Output struct {
			Count int `json:"annotations_count"`
		}
	}
	k.want(t, http.StatusCreated, k.check(t, 50)).into(t, &run)
	more := map[string]any{"conclusion": "neutral", "output": map[string]any{"title": "t", "summary": "s", "annotations": []any{
		map[string]any{"path": changed, "start_line": 40, "end_line": 40, "annotation_level": "notice", "message": "conformance"},
	}}}
	k.want(t, http.StatusOK, k.request(http.MethodPatch, k.repo(k.path("/check-runs/%d", run.ID)), more)).into(t, &run)
	if run.Output.Count != 51 {
		t.Errorf("%d annotations after 50 and 1", run.Output.Count)
	}
}

func longSummary(t *testing.T, k *kit) {
	a := k.post("/check-runs", map[string]any{"name": "conformance", "head_sha": k.headSHA, "output": map[string]any{"title": "t", "summary": strings.Repeat("x", 65536)}})
	k.want(t, http.StatusUnprocessableEntity, a)
}

func resolveThread(t *testing.T, k *kit) {
	k.want(t, http.StatusCreated, k.comment(10, "RIGHT"))
	owner, name, _ := strings.Cut(k.repository, "/")
	variables := map[string]any{"owner": owner, "name": name, "number": k.number}
	const threads = `query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { pullRequest(number: $number) {
		reviewThreads(first: 50) { nodes { id isResolved path line } } } } }`
	var got struct {
		Data struct {
			Repository struct {
				PullRequest struct {
					ReviewThreads struct{ Nodes []struct{ ID, Path string } }
				}
			}
		}
	}
	k.want(t, http.StatusOK, k.graph(threads, variables)).into(t, &got)
	nodes := got.Data.Repository.PullRequest.ReviewThreads.Nodes
	if len(nodes) == 0 {
		t.Fatal("no threads")
	}
	in := map[string]any{"id": nodes[0].ID}
	k.want(t, http.StatusOK, k.graph(`mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }`, in)).says(t, `"isResolved":true`)
	k.want(t, http.StatusOK, k.graph(`mutation($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }`, in)).says(t, `"isResolved":false`)
	narrow := k.as(k.mint(t, k.target, map[string]any{"permissions": map[string]string{"pull_requests": "write", "contents": "read"}}))
	k.want(t, http.StatusOK, narrow.graph(`mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }`, in)).says(t, "FORBIDDEN")
}
