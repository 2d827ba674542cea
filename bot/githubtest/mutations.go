package githubtest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// mutations are the fields of a mutation. Each takes one argument, input.
func (q *query) mutations() object {
	take := func(do func(json.RawMessage) (any, error)) resolver {
		return func(args map[string]any) (any, error) {
			data, err := json.Marshal(args["input"])
			if err != nil {
				return nil, err
			}
			return do(data)
		}
	}
	return object{
		"__typename":                 "Mutation",
		"resolveReviewThread":        take(func(in json.RawMessage) (any, error) { return q.resolve(in, true) }),
		"unresolveReviewThread":      take(func(in json.RawMessage) (any, error) { return q.resolve(in, false) }),
		"addPullRequestReviewThread": take(q.addThread),
		"minimizeComment":            take(q.minimize),
		"createCommitOnBranch":       take(q.commitOnBranch),
	}
}

func (q *query) threadByID(id any) (*PullRequest, *Thread) {
	for _, r := range q.repositories {
		if r.Private && !q.token.covers(r) {
			continue
		}
		for _, p := range r.pulls {
			for _, t := range p.Threads {
				if nodeID("PRRT", t.ID) == id {
					return p, t
				}
			}
		}
	}
	return nil, nil
}

func notFoundNode(id string) error {
	return &graphError{Kind: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a node with the global id of '%s'", id)}
}

// resolve wants contents:write of an App beside writing on pull requests.
func (q *query) resolve(input json.RawMessage, resolved bool) (any, error) {
	var in struct {
		ThreadID string `json:"threadId"`
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	p, t := q.threadByID(in.ThreadID)
	if t == nil {
		return nil, notFoundNode(in.ThreadID)
	}
	if !q.token.covers(p.repo) || !q.token.may("contents:write") || !q.token.may("pull_requests:write") {
		return nil, errGraphForbidden()
	}
	t.Resolved, t.ResolvedBy = resolved, ""
	if resolved {
		t.ResolvedBy = q.app.Slug + "[bot]"
	}
	return object{"thread": q.threadObject(p, t), "clientMutationId": nil}, nil
}

// addThread adds to a review that is pending, or makes one. Off the diff it answers a null thread and no error.
func (q *query) addThread(input json.RawMessage) (any, error) {
	var in struct {
		PullRequestID, PullRequestReviewID, Body, Path, Side, StartSide, SubjectType string
		Line, StartLine                                                              int
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	p, v := q.reviewByID(in.PullRequestID, in.PullRequestReviewID)
	if p == nil {
		return nil, notFoundNode(cmp.Or(in.PullRequestReviewID, in.PullRequestID))
	}
	if !q.token.covers(p.repo) || !q.token.may("pull_requests:write") {
		return nil, errGraphForbidden()
	}
	t, faults, err := p.thread(place{
		Path: in.Path, Body: in.Body, Line: in.Line, Side: in.Side, StartLine: in.StartLine, StartSide: in.StartSide, SubjectType: strings.ToLower(in.SubjectType),
	}, p.Head.SHA)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return object{"thread": nil, "clientMutationId": nil}, nil
	}
	if v == nil {
		v = &Review{ID: q.id(), Author: *q.user(q.app.Slug+"[bot]", "Bot"), State: "PENDING", CommitID: p.Head.SHA}
		p.Reviews = append(p.Reviews, v)
	}
	p.say(t, v, in.Body)
	return object{"thread": q.threadObject(p, t), "clientMutationId": nil}, nil
}

func (q *query) reviewByID(pull, review string) (*PullRequest, *Review) {
	for _, r := range q.repositories {
		if r.Private && !q.token.covers(r) {
			continue
		}
		for _, p := range r.pulls {
			var pending *Review
			for _, v := range p.Reviews {
				if v.State == "PENDING" && (review == "" || nodeID("PRR", v.ID) == review) {
					pending = v
				}
			}
			if nodeID("PR", p.ID) == pull || review != "" && pending != nil {
				return p, pending
			}
		}
	}
	return nil, nil
}

func (q *query) minimize(input json.RawMessage) (any, error) {
	var in struct{ SubjectID, Classifier string }
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	for _, r := range q.repositories {
		for _, p := range r.pulls {
			comments := map[string]*Comment{}
			for _, k := range p.Comments {
				comments[nodeID("IC", k.ID)] = k
			}
			for _, k := range p.ReviewComments() {
				comments[nodeID("PRRC", k.ID)] = k
			}
			k := comments[in.SubjectID]
			if k == nil || !q.token.covers(r) {
				continue
			}
			if !q.token.may("pull_requests:write|issues:write") {
				return nil, errGraphForbidden()
			}
			k.Minimized = in.Classifier
			kind, _, _ := strings.Cut(in.SubjectID, "_")
			name := map[string]string{"IC": "IssueComment", "PRRC": "PullRequestReviewComment"}[kind]
			return object{"clientMutationId": nil, "minimizedComment": object{"__typename": name, "id": in.SubjectID, "isMinimized": true, "minimizedReason": strings.ToLower(in.Classifier)}}, nil
		}
	}
	return nil, notFoundNode(in.SubjectID)
}

// commitInput is the input of createCommitOnBranch.
type commitInput struct {
	Branch struct {
		ID, BranchName, RepositoryNameWithOwner string
	}
	ExpectedHeadOid string
	Message         struct{ Headline, Body string }
	FileChanges     struct {
		Additions []struct{ Path, Contents string }
		Deletions []struct{ Path string }
	}
}

// commitOnBranch writes a commit that GitHub signs, if the branch still is where the caller believes it to be. Files get
// mode 100644, or keep the one they have.
func (q *query) commitOnBranch(input json.RawMessage) (any, error) {
	var in commitInput
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	r, branch, err := q.committable(in)
	if err != nil {
		return nil, err
	}
	if !q.token.covers(r) || !q.token.may("contents:write") {
		return nil, errGraphForbidden()
	}
	before := r.Head(branch)
	switch {
	case before == "":
		return nil, &graphError{Kind: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a Ref with the name '%s'.", branch)}
	case before != in.ExpectedHeadOid:
		return nil, &graphError{Kind: "STALE_DATA", Message: fmt.Sprintf("Expected branch to point to %q but it did not.  Pull and try again.", in.ExpectedHeadOid)}
	}
	entries, err := r.changes(in, before)
	if err != nil {
		return nil, err
	}
	message := in.Message.Headline
	if in.Message.Body != "" {
		message += "\n\n" + in.Message.Body
	}
	sha, err := r.importCommit(before, q.botAuthor(), message, entries, false)
	if err != nil {
		return nil, err
	}
	r.signed[sha] = true
	if err := r.move("refs/heads/"+branch, before, sha, q.user(q.app.Slug+"[bot]", "Bot")); err != nil {
		return nil, err
	}
	return object{"commit": commitObject(r, sha), "ref": q.refObject(r, branch), "clientMutationId": nil}, nil
}

// committable finds the branch by its id, or by its name and its repository's.
func (q *query) committable(in commitInput) (*Repository, string, error) {
	if in.Branch.ID == "" {
		r, err := q.visibleRepository(in.Branch.RepositoryNameWithOwner)
		return r, strings.TrimPrefix(in.Branch.BranchName, "refs/heads/"), err
	}
	for _, r := range q.repositories {
		if branch, ok := strings.CutPrefix(in.Branch.ID, nodeID("REF", r.ID)+":"); ok {
			return r, branch, nil
		}
	}
	return nil, "", notFoundNode(in.Branch.ID)
}

func (r *Repository) changes(in commitInput, at string) (map[string]*Entry, error) {
	entries := map[string]*Entry{}
	for _, f := range in.FileChanges.Additions {
		data, err := base64.StdEncoding.DecodeString(f.Contents)
		if err != nil {
			return nil, &graphError{Kind: "UNPROCESSABLE", Message: "contents of " + f.Path + " is not valid Base64"}
		}
		if f.Path == "" || strings.HasPrefix(f.Path, "/") || strings.Contains("/"+f.Path+"/", "/../") || strings.Contains("/"+f.Path+"/", "/.git/") {
			return nil, &graphError{Kind: "UNPROCESSABLE", Message: "A path was requested which is not valid: " + f.Path}
		}
		entries[f.Path] = &Entry{Content: data, Mode: r.mode(at, f.Path)}
	}
	for _, f := range in.FileChanges.Deletions {
		if r.mode(at, f.Path) == "" {
			// That it is refused is sure, the wording is from memory.
			return nil, &graphError{Kind: "UNPROCESSABLE", Message: fmt.Sprintf("A path was requested for deletion which does not exist as of commit oid `%s`: %s", at, f.Path)}
		}
		entries[f.Path] = nil
	}
	return entries, nil
}

// mode is git's mode of a file at a commit; "" when there is none.
func (r *Repository) mode(commit, path string) string {
	line, err := r.git(nil, "ls-tree", "-z", commit, "--", path)
	if err != nil {
		return ""
	}
	mode, _, _ := strings.Cut(line, " ")
	return mode
}
