package githubtest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// What follows writes things as answers and webhooks do. Only what the simulator knows is written; the rest of what
// the contract requires is filled in by complete.

func timeFact(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// nodeID names a thing in GraphQL.
func nodeID(kind string, id int64) string { return fmt.Sprintf("%s_%d", kind, id) }

func (s *Server) userFacts(u *User) map[string]any {
	login := strings.TrimSuffix(u.Login, "[bot]")
	html := s.URL + "/" + login
	if u.Type == "Bot" {
		html = s.URL + "/apps/" + login
	}
	return map[string]any{
		"id": u.ID, "node_id": nodeID("U", u.ID), "login": u.Login, "type": u.Type, "html_url": html,
		"url": s.URL + "/api/v3/users/" + login, "site_admin": false,
	}
}

func (s *Server) repositoryFacts(r *Repository) map[string]any {
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	facts := map[string]any{
		"id": r.ID, "node_id": nodeID("R", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private,
		"owner": s.userFacts(s.user(r.Owner, "Organization")), "default_branch": r.DefaultBranch, "fork": r.Parent != nil,
		"html_url": s.URL + "/" + r.FullName(), "url": r.api(""), "clone_url": r.CloneURL(), "visibility": visibility,
		"has_issues": true, "forks": 0, "open_issues": 0, "watchers": 0,
		"created_at": timeFact(r.created), "updated_at": timeFact(r.pushed), "pushed_at": timeFact(r.pushed),
	}
	return facts
}

// api is an address below the repository's own in REST.
func (r *Repository) api(format string, args ...any) string {
	return r.server.URL + "/api/v3/repos/" + r.FullName() + fmt.Sprintf(format, args...)
}

// page is an address of the repository for people.
func (r *Repository) page(format string, args ...any) string {
	return r.server.URL + "/" + r.FullName() + fmt.Sprintf(format, args...)
}

func (s *Server) installationFacts(i *Installation) map[string]any {
	selection := "all"
	if len(i.Repositories) > 0 {
		selection = "selected"
	}
	account := s.user(i.Account, "Organization")
	facts := map[string]any{
		"id": i.ID, "app_id": s.app.ID, "app_slug": s.app.Slug, "account": s.userFacts(account), "target_id": account.ID,
		"target_type": account.Type, "permissions": i.Permissions, "events": subscribed, "repository_selection": selection,
		"access_tokens_url": fmt.Sprintf("%s/api/v3/app/installations/%d/access_tokens", s.URL, i.ID),
		"repositories_url":  s.URL + "/api/v3/installation/repositories",
		"html_url":          fmt.Sprintf("%s/organizations/%s/settings/installations/%d", s.URL, i.Account, i.ID),
		"created_at":        timeFact(i.CreatedAt), "updated_at": timeFact(i.CreatedAt),
		"suspended_at": timeFact(i.SuspendedAt), "suspended_by": nil, "single_file_name": nil,
	}
	if !i.SuspendedAt.IsZero() {
		facts["suspended_by"] = s.userFacts(account)
	}
	return facts
}

func (s *Server) appFacts() map[string]any {
	return map[string]any{
		"id": s.app.ID, "slug": s.app.Slug, "node_id": nodeID("A", s.app.ID), "name": s.app.Slug, "owner": s.userFacts(s.user(s.app.Slug+"-owner", "Organization")),
		"html_url": s.URL + "/apps/" + s.app.Slug, "events": subscribed, "permissions": map[string]any{"metadata": "read"},
		"created_at": timeFact(s.started), "updated_at": timeFact(s.started),
	}
}

// association is what the author is to the repository.
func (r *Repository) association(u *User) string {
	switch r.permission(u.Login) {
	case "admin", "maintain", "write", "triage":
		return "COLLABORATOR"
	}
	return "NONE"
}

func (s *Server) branchFacts(b Branch) map[string]any {
	return map[string]any{
		"label": b.Repository.Owner + ":" + b.Ref, "ref": b.Ref, "sha": b.SHA,
		"repo": s.repositoryFacts(b.Repository), "user": s.userFacts(s.user(b.Repository.Owner, "Organization")),
	}
}

// pullFacts are those of a pull request in a list; more of them are in pullDetails.
func (s *Server) pullFacts(p *PullRequest) map[string]any {
	r := p.repo
	link := func(format string, args ...any) map[string]any { return map[string]any{"href": r.api(format, args...)} }
	return map[string]any{
		"id": p.ID, "node_id": nodeID("PR", p.ID), "number": p.Number, "state": p.State, "title": p.Title, "body": nullable(p.Body),
		"draft": p.Draft, "locked": false, "user": s.userFacts(&p.Author), "labels": r.labelFacts(p.Labels),
		"base": s.branchFacts(p.Base), "head": s.branchFacts(p.Head), "author_association": r.association(&p.Author),
		"created_at": timeFact(p.CreatedAt), "updated_at": timeFact(p.UpdatedAt), "closed_at": timeFact(p.ClosedAt),
		"merged_at": timeFact(p.MergedAt), "merge_commit_sha": nullable(p.MergeCommit),
		"url": r.api("/pulls/%d", p.Number), "html_url": r.page("/pull/%d", p.Number), "diff_url": r.page("/pull/%d.diff", p.Number),
		"issue_url": r.api("/issues/%d", p.Number), "comments_url": r.api("/issues/%d/comments", p.Number),
		"_links": map[string]any{
			"self": link("/pulls/%d", p.Number), "html": map[string]any{"href": r.page("/pull/%d", p.Number)}, "issue": link("/issues/%d", p.Number),
			"comments": link("/issues/%d/comments", p.Number), "review_comments": link("/pulls/%d/comments", p.Number),
			"review_comment": link("/pulls/comments{/number}"), "commits": link("/pulls/%d/commits", p.Number), "statuses": link("/statuses/%s", p.Head.SHA),
		},
	}
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Server) reviewFacts(p *PullRequest, v *Review) map[string]any {
	return map[string]any{
		"id": v.ID, "node_id": nodeID("PRR", v.ID), "user": s.userFacts(&v.Author), "body": v.Body, "state": v.State, "commit_id": v.CommitID,
		"submitted_at": timeFact(v.SubmittedAt), "author_association": p.repo.association(&v.Author),
		"html_url":         p.repo.page("/pull/%d#pullrequestreview-%d", p.Number, v.ID),
		"pull_request_url": p.repo.api("/pulls/%d", p.Number),
		"_links": map[string]any{
			"html":         map[string]any{"href": p.repo.page("/pull/%d#pullrequestreview-%d", p.Number, v.ID)},
			"pull_request": map[string]any{"href": p.repo.api("/pulls/%d", p.Number)},
		},
	}
}

// commentFacts are those of a review comment. Of one that no longer has a line in the diff the line is null.
func (s *Server) commentFacts(p *PullRequest, t *Thread, c *Comment) map[string]any {
	facts := map[string]any{
		"id": c.ID, "node_id": nodeID("PRRC", c.ID), "pull_request_review_id": c.ReviewID, "user": s.userFacts(&c.Author), "body": c.Body,
		"path": t.Path, "commit_id": p.Head.SHA, "original_commit_id": t.CommitID, "diff_hunk": t.DiffHunk, "subject_type": t.SubjectType,
		"side": nullable(t.Side), "line": nil, "original_line": nil, "start_line": nil, "original_start_line": nil, "start_side": nil,
		"position": nil, "original_position": nil,
		"author_association": p.repo.association(&c.Author), "created_at": timeFact(c.CreatedAt), "updated_at": timeFact(c.UpdatedAt),
		"url": p.repo.api("/pulls/comments/%d", c.ID), "html_url": p.repo.page("/pull/%d#discussion_r%d", p.Number, c.ID),
		"pull_request_url": p.repo.api("/pulls/%d", p.Number),
		"_links": map[string]any{
			"self":         map[string]any{"href": p.repo.api("/pulls/comments/%d", c.ID)},
			"html":         map[string]any{"href": p.repo.page("/pull/%d#discussion_r%d", p.Number, c.ID)},
			"pull_request": map[string]any{"href": p.repo.api("/pulls/%d", p.Number)},
		},
	}
	if t.SubjectType == "line" {
		facts["original_line"], facts["original_position"] = t.OriginalLine, t.Position
		if t.Line > 0 {
			facts["line"], facts["position"] = t.Line, t.Position
		}
		if t.OriginalStartLine > 0 {
			facts["original_start_line"], facts["start_side"] = t.OriginalStartLine, t.StartSide
			if t.StartLine > 0 {
				facts["start_line"] = t.StartLine
			}
		}
	}
	if t.Comments[0] != c {
		facts["in_reply_to_id"] = t.Comments[0].ID
	}
	// The contract knows no null for these, though GitHub sends it; what is null is left out.
	for _, name := range []string{"line", "original_line", "position", "original_position", "side"} {
		if facts[name] == nil {
			delete(facts, name)
		}
	}
	return facts
}

func (s *Server) issueCommentFacts(p *PullRequest, c *Comment) map[string]any {
	return map[string]any{
		"id": c.ID, "node_id": nodeID("IC", c.ID), "body": c.Body, "user": s.userFacts(&c.Author), "author_association": p.repo.association(&c.Author),
		"created_at": timeFact(c.CreatedAt), "updated_at": timeFact(c.UpdatedAt), "url": p.repo.api("/issues/comments/%d", c.ID),
		"html_url": p.repo.page("/pull/%d#issuecomment-%d", p.Number, c.ID), "issue_url": p.repo.api("/issues/%d", p.Number),
		"performed_via_github_app": nil,
	}
}

// issueFacts are those of a pull request where it is spoken of as an issue.
func (s *Server) issueFacts(p *PullRequest) map[string]any {
	return map[string]any{
		"id": p.ID, "node_id": nodeID("I", p.ID), "number": p.Number, "state": p.State, "title": p.Title, "body": nullable(p.Body), "locked": false,
		"user": s.userFacts(&p.Author), "labels": p.repo.labelFacts(p.Labels), "comments": len(p.Comments), "author_association": p.repo.association(&p.Author),
		"url": p.repo.api("/issues/%d", p.Number), "html_url": p.repo.page("/pull/%d", p.Number), "repository_url": p.repo.api(""), "labels_url": p.repo.api("/issues/%d/labels{/name}", p.Number),
		"created_at": timeFact(p.CreatedAt), "updated_at": timeFact(p.UpdatedAt), "closed_at": timeFact(p.ClosedAt), "assignee": nil, "assignees": []any{}, "milestone": nil,
		"pull_request": map[string]any{
			"url": p.repo.api("/pulls/%d", p.Number), "html_url": p.repo.page("/pull/%d", p.Number),
			"diff_url": p.repo.page("/pull/%d.diff", p.Number), "patch_url": p.repo.page("/pull/%d.patch", p.Number),
		},
	}
}

func (s *Server) checkFacts(r *Repository, k *CheckRun) map[string]any {
	pulls := []any{}
	for _, p := range r.pulls {
		if p.Head.SHA == k.HeadSHA && p.State == "open" {
			brief := func(b Branch) map[string]any {
				return map[string]any{"ref": b.Ref, "sha": b.SHA, "repo": map[string]any{"id": b.Repository.ID, "name": b.Repository.Name, "url": b.Repository.api("")}}
			}
			pulls = append(pulls, map[string]any{"id": p.ID, "number": p.Number, "url": r.api("/pulls/%d", p.Number), "head": brief(p.Head), "base": brief(p.Base)})
		}
	}
	details := k.DetailsURL
	if details == "" {
		details = s.URL
	}
	return map[string]any{
		"id": k.ID, "node_id": nodeID("CR", k.ID), "name": k.Name, "head_sha": k.HeadSHA, "external_id": k.ExternalID, "status": k.Status,
		"conclusion": nullable(k.Conclusion), "started_at": timeFact(k.StartedAt), "completed_at": timeFact(k.CompletedAt), "details_url": details,
		"url": r.api("/check-runs/%d", k.ID), "html_url": r.page("/runs/%d", k.ID), "app": s.appFacts(), "pull_requests": pulls,
		"check_suite": map[string]any{"id": k.SuiteID},
		"output": map[string]any{
			"title": nullable(k.Title), "summary": nullable(k.Summary), "text": nullable(k.Text),
			"annotations_count": len(k.Annotations), "annotations_url": r.api("/check-runs/%d/annotations", k.ID),
		},
	}
}

func (r *Repository) labelFacts(names []string) []any {
	labels := []any{}
	for _, name := range names {
		labels = append(labels, map[string]any{"id": 1, "node_id": "LA_" + name, "name": name, "color": "ededed", "description": nil, "default": false, "url": r.api("/labels/%s", name)})
	}
	return labels
}

func (r *Repository) commitFacts(c Commit) map[string]any {
	parents := []any{}
	for _, sha := range c.Parents {
		parents = append(parents, map[string]any{"sha": sha, "url": r.api("/commits/%s", sha), "html_url": r.page("/commit/%s", sha)})
	}
	who := map[string]any{"name": c.Author, "email": c.Email, "date": timeFact(c.Date)}
	return map[string]any{
		"sha": c.SHA, "node_id": "C_" + c.SHA, "url": r.api("/commits/%s", c.SHA), "html_url": r.page("/commit/%s", c.SHA),
		"comments_url": r.api("/commits/%s/comments", c.SHA), "parents": parents, "author": nil, "committer": nil,
		"commit": map[string]any{
			"message": c.Message, "author": who, "committer": who, "tree": map[string]any{"sha": c.Tree, "url": r.api("/git/trees/%s", c.Tree)},
			"comment_count": 0, "url": r.api("/git/commits/%s", c.SHA), "verification": verification(c),
		},
	}
}

func verification(c Commit) map[string]any {
	if c.Verified {
		return map[string]any{"verified": true, "reason": "valid", "signature": "simulated", "payload": c.SHA, "verified_at": timeFact(c.Date)}
	}
	return map[string]any{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

// fileFacts are those of a changed file. The patch is absent when the file is binary or very large.
func (r *Repository) fileFacts(d *Diff, f *File) map[string]any {
	facts := map[string]any{
		"sha": f.SHA, "filename": f.Path, "status": f.Status, "additions": f.Additions, "deletions": f.Deletions, "changes": f.Additions + f.Deletions,
		"blob_url": r.page("/blob/%s/%s", d.Head, f.Path), "raw_url": r.page("/raw/%s/%s", d.Head, f.Path), "contents_url": r.api("/contents/%s?ref=%s", f.Path, d.Head),
	}
	if f.PreviousPath != "" {
		facts["previous_filename"] = f.PreviousPath
	}
	if f.Patch != "" && f.Additions+f.Deletions <= maxPatchLines && len(f.Patch) <= maxPatchBytes {
		facts["patch"] = f.Patch
	}
	return facts
}

// From these sizes of one file's patch on, GitHub leaves it out; it documents the limits of a single file's diff so.
const (
	maxPatchLines = 20_000
	maxPatchBytes = 1 << 20
)

func encode64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
