package githubtest

import (
	"cmp"
	"fmt"
	"maps"
)

// What follows makes the payload of each event; send completes and queues it.

func (s *Server) sendPull(p *PullRequest, action string, who *User, extra map[string]any) {
	if s.hooks.url == "" {
		return
	}
	d, err := p.diff()
	if err != nil {
		s.breaches = append(s.breaches, fmt.Sprintf("webhook of pull request %d: %v", p.Number, err))
		return
	}
	mergeable := p.Mergeable
	pull, err := s.pullDetails(p, d)
	p.Mergeable = mergeable
	if err != nil {
		s.breaches = append(s.breaches, fmt.Sprintf("webhook of pull request %d: %v", p.Number, err))
		return
	}
	facts := map[string]any{"number": p.Number, "pull_request": pull}
	if action == "edited" {
		facts["changes"] = map[string]any{}
	}
	maps.Copy(facts, extra)
	s.send("pull_request", action, s.installationOf(p.repo), p.repo, who, facts)
}

const zeroSHA = "0000000000000000000000000000000000000000"

// sendPush lists at most 2048 commits; that number is from memory.
func (r *Repository) sendPush(ref, before, after string, who *User) {
	s := r.server
	if s.hooks.url == "" {
		return
	}
	facts := map[string]any{
		"ref": ref, "before": cmp.Or(before, zeroSHA), "after": cmp.Or(after, zeroSHA), "created": before == "", "deleted": after == "", "forced": false, "base_ref": nil,
		"compare": r.page("/compare/%s...%s", before, after), "commits": []any{}, "head_commit": nil,
		"pusher": map[string]any{"name": who.Login, "email": who.Login + "@example.com"},
	}
	if after != "" {
		revisions := []string{"-n", "2048", "--reverse", "--end-of-options", after}
		if before != "" {
			revisions = append(revisions, "^"+before)
		}
		commits, err := r.log(revisions...)
		if err != nil {
			s.breaches = append(s.breaches, "webhook push: "+err.Error())
			return
		}
		list := []any{}
		for _, c := range commits {
			pushed, err := r.pushedCommit(c)
			if err != nil {
				s.breaches = append(s.breaches, "webhook push: "+err.Error())
				return
			}
			list = append(list, pushed)
		}
		facts["commits"] = list
		if len(list) > 0 {
			facts["head_commit"] = list[len(list)-1]
		}
		_, err = r.git(nil, "merge-base", "--is-ancestor", cmp.Or(before, after), after)
		facts["forced"] = err != nil
	}
	s.send("push", "", s.installationOf(r), r, who, facts)
}

// emptyTree is git's tree without entries, which stands in for the parent of a first commit.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// pushedCommit is a commit as a push lists it, with the paths that it touches.
func (r *Repository) pushedCommit(c Commit) (map[string]any, error) {
	parent := emptyTree
	if len(c.Parents) > 0 {
		parent = c.Parents[0]
	}
	d, err := r.diff(parent, c.SHA)
	if err != nil {
		return nil, err
	}
	added, removed, modified := []string{}, []string{}, []string{}
	for _, f := range d.Files {
		switch f.Status {
		case "added", "copied":
			added = append(added, f.Path)
		case "removed":
			removed = append(removed, f.Path)
		case "renamed":
			added, removed = append(added, f.Path), append(removed, f.PreviousPath)
		default:
			modified = append(modified, f.Path)
		}
	}
	who := map[string]any{"name": c.Author, "email": c.Email, "username": c.Author}
	return map[string]any{
		"id": c.SHA, "tree_id": c.Tree, "distinct": true, "message": c.Message, "timestamp": timeFact(c.Date), "url": r.page("/commit/%s", c.SHA),
		"author": who, "committer": who, "added": added, "removed": removed, "modified": modified,
	}, nil
}

func (s *Server) sendInstallation(i *Installation, action string) {
	facts := map[string]any{"installation": s.installationFacts(i), "repositories": briefs(s.covered(i))}
	s.send("installation", action, i, nil, s.user("mona", "User"), facts)
}

func (s *Server) sendInstallationRepositories(i *Installation, added, removed []*Repository) {
	for action, changed := range map[string][]*Repository{"added": added, "removed": removed} {
		if len(changed) == 0 {
			continue
		}
		facts := map[string]any{
			"installation": s.installationFacts(i), "repository_selection": "selected", "requester": nil,
			"repositories_added": []any{}, "repositories_removed": []any{},
		}
		facts["repositories_"+action] = briefs(changed)
		s.send("installation_repositories", action, i, nil, s.user("mona", "User"), facts)
	}
}

func briefs(repositories []*Repository) []any {
	list := []any{}
	for _, r := range repositories {
		list = append(list, map[string]any{"id": r.ID, "node_id": nodeID("R", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private})
	}
	return list
}

func (s *Server) sendCheck(r *Repository, k *CheckRun, action string, who *User) {
	check := s.checkFacts(r, k)
	check["check_suite"] = map[string]any{"id": k.SuiteID, "head_sha": k.HeadSHA, "head_branch": nil, "status": k.Status, "pull_requests": []any{}}
	s.send("check_run", action, s.installationOf(r), r, who, map[string]any{"check_run": check})
}

func (s *Server) sendComment(p *PullRequest, k *Comment, who *User) {
	s.send("issue_comment", "created", s.installationOf(p.repo), p.repo, who, map[string]any{"issue": s.issueFacts(p), "comment": s.issueCommentFacts(p, k)})
}

// Queue puts a pull request into the merge queue as a person does: its merge with the base gets a branch of its own, and
// merge_group checks_requested is sent. It gives the merge's hash.
func (r *Repository) Queue(number int) (string, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil {
		return "", fmt.Errorf("no pull request %d in %s", number, r.FullName())
	}
	tree, err := r.git(nil, "merge-tree", "--write-tree", p.Base.SHA, p.Head.SHA)
	if err != nil {
		return "", err
	}
	sha, err := r.commitTree(tree, fmt.Sprintf("Merge pull request #%d", p.Number), "GitHub <noreply@github.com>", p.Base.SHA, p.Head.SHA)
	if err != nil {
		return "", err
	}
	ref := fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", p.Base.Ref, p.Number, p.Base.SHA)
	if _, err := r.git(nil, "update-ref", ref, sha); err != nil {
		return "", err
	}
	commit, err := r.commit(sha)
	if err != nil {
		return "", err
	}
	who := map[string]any{"name": commit.Author, "email": commit.Email}
	group := map[string]any{
		"head_sha": sha, "head_ref": ref, "base_sha": p.Base.SHA, "base_ref": "refs/heads/" + p.Base.Ref,
		"head_commit": map[string]any{"id": sha, "tree_id": commit.Tree, "message": commit.Message, "timestamp": timeFact(commit.Date), "author": who, "committer": who},
	}
	r.server.send("merge_group", "checks_requested", r.server.installationOf(r), r, r.server.user("mona", "User"), map[string]any{"merge_group": group})
	return sha, nil
}
