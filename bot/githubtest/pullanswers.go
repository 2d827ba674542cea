package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// pull finds the pull request that a call is about.
func (c *call) pull(parameter string) (*PullRequest, error) {
	p := c.repo.pull(int(c.number(parameter)))
	if p == nil {
		return nil, errNotFound
	}
	return p, nil
}

func listPulls(c *call) (int, any, error) {
	state, list := c.query("state"), []any{}
	for _, p := range visible(c, c.repo.pulls) {
		head := p.Head.Repository.Owner + ":" + p.Head.Ref
		switch {
		case state != "all" && p.State != cmp.Or(state, "open"),
			c.query("base") != "" && p.Base.Ref != c.query("base"),
			// A head without an owner filters nothing.
			strings.Contains(c.query("head"), ":") && !strings.EqualFold(head, c.query("head")):
			continue
		}
		list = append(list, c.pullFacts(p))
	}
	if c.query("direction") != "asc" {
		slices.Reverse(list)
	}
	return http.StatusOK, list, nil
}

// getPull answers the pull request, or its diff to who asks for that media type.
func getPull(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	d, err := p.diff()
	if err != nil {
		return 0, nil, err
	}
	if accept := c.request.Header.Get("Accept"); strings.Contains(accept, ".diff") {
		return c.diffText(d)
	}
	facts, err := c.pullDetails(p, d)
	return http.StatusOK, facts, err
}

// diffText refuses what is too large to send as one text.
func (c *call) diffText(d *Diff) (int, any, error) {
	const maxFiles = 300
	if len(d.Files) > maxFiles {
		return 0, nil, refuse(http.StatusNotAcceptable, fmt.Sprintf("Sorry, the diff exceeded the maximum number of files (%d). Consider using 'List pull requests files' API or locally cloning the repository instead.", maxFiles),
			map[string]any{"resource": "PullRequest", "field": "diff", "code": "too_large"})
	}
	text, err := c.repo.command("diff", "--no-color", "--no-ext-diff", "-M", d.Base, d.Head).Output()
	return http.StatusOK, raw{"application/vnd.github.v3.diff; charset=utf-8", text}, err
}

// pullDetails are what a pull request says of itself beyond what a list says.
func (s *Server) pullDetails(p *PullRequest, d *Diff) (map[string]any, error) {
	commits, err := p.commits()
	if err != nil {
		return nil, err
	}
	facts := s.pullFacts(p)
	additions, deletions := 0, 0
	for _, f := range d.Files {
		additions, deletions = additions+f.Additions, deletions+f.Deletions
	}
	facts["additions"], facts["deletions"], facts["changed_files"], facts["commits"] = additions, deletions, len(d.Files), len(commits)
	facts["comments"], facts["review_comments"] = len(p.Comments), len(p.ReviewComments())
	facts["merged"], facts["merged_by"], facts["maintainer_can_modify"] = p.Merged, nil, p.Head.Repository != p.repo
	facts["mergeable"], facts["mergeable_state"] = nil, "unknown"
	if p.Mergeable != nil {
		facts["mergeable"], facts["mergeable_state"] = *p.Mergeable, "clean"
		if !*p.Mergeable {
			facts["mergeable_state"] = "dirty"
		}
	}
	// Who asks first gets null and starts the work; the next one sees what came out.
	_, conflict := p.repo.git(nil, "merge-tree", "--write-tree", p.Base.SHA, p.Head.SHA)
	mergeable := conflict == nil
	p.Mergeable = &mergeable
	return facts, nil
}

func createPull(c *call) (int, any, error) {
	var ask struct {
		Title, Head, Base, Body string
		Draft                   bool
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if ask.Title == "" {
		return 0, nil, invalid("PullRequest", "title", "missing_field", "")
	}
	if err := tooLong("PullRequest", ask.Body); err != nil {
		return 0, nil, err
	}
	from := c.repo
	if owner, branch, ok := strings.Cut(ask.Head, ":"); ok {
		ask.Head = branch
		if from = c.repository(owner, c.repo.Name); from == nil {
			return 0, nil, invalid("PullRequest", "head", "invalid", "")
		}
	}
	p, err := c.repo.open(NewPullRequest{Head: ask.Head, From: from, Base: ask.Base, Title: ask.Title, Body: ask.Body, Draft: ask.Draft}, c.actor())
	if err != nil {
		return 0, nil, err
	}
	d, err := p.diff()
	if err != nil {
		return 0, nil, err
	}
	facts, err := c.pullDetails(p, d)
	return http.StatusCreated, facts, err
}

func updatePull(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct {
		Title, Body, Base *string
		State             string
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if ask.Body != nil {
		if err := tooLong("PullRequest", *ask.Body); err != nil {
			return 0, nil, err
		}
	}
	if err := p.change(PullRequestChange{Title: ask.Title, Body: ask.Body, Base: ask.Base, State: ask.State}, c.actor()); err != nil {
		return 0, nil, err
	}
	return getPull(c)
}

// maxFiles is how many files GitHub lists of a pull request.
const maxFiles = 3000

func listPullFiles(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	d, err := p.diff()
	if err != nil {
		return 0, nil, err
	}
	list := []any{}
	for i := range min(len(d.Files), maxFiles) {
		list = append(list, c.repo.fileFacts(d, &d.Files[i]))
	}
	return http.StatusOK, list, nil
}

func listPullCommits(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	commits, err := p.commits()
	return http.StatusOK, c.repo.commitsFacts(commits), err
}

func (r *Repository) commitsFacts(commits []Commit) []any {
	list := []any{}
	for _, commit := range commits {
		list = append(list, r.commitFacts(commit))
	}
	return list
}

func listReviewers(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	users := []any{}
	for _, login := range p.Reviewers {
		users = append(users, c.userFacts(c.user(login, "User")))
	}
	return http.StatusOK, map[string]any{"users": users, "teams": []any{}}, nil
}

func requestReviewers(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct{ Reviewers []string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	for _, login := range ask.Reviewers {
		if c.repo.permission(login) == "none" {
			return 0, nil, refuse(http.StatusUnprocessableEntity, "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the "+c.repo.FullName()+" repository.")
		}
	}
	for _, login := range ask.Reviewers {
		if !slices.Contains(p.Reviewers, login) {
			p.Reviewers = append(p.Reviewers, login)
		}
	}
	return http.StatusCreated, c.pullFacts(p), nil
}

func listPullsOfCommit(c *call) (int, any, error) {
	list := []any{}
	for _, p := range c.repo.pulls {
		commits, err := p.commits()
		if err != nil {
			return 0, nil, err
		}
		if slices.ContainsFunc(commits, func(commit Commit) bool { return commit.SHA == c.params["commit_sha"] }) {
			list = append(list, c.pullFacts(p))
		}
	}
	return http.StatusOK, list, nil
}
