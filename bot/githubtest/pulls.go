package githubtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Branch is one side of a pull request.
type Branch struct {
	Repository *Repository
	Ref        string
	SHA        string
}

// PullRequest is a pull request with all that was said on it.
type PullRequest struct {
	ID          int64
	Number      int
	Title, Body string
	// State is open or closed; a merged one is closed.
	State         string
	Draft, Merged bool
	// Mergeable is nil until somebody has asked once, as GitHub works it out in the background.
	Mergeable            *bool
	MergeCommit          string
	Author               User
	Base, Head           Branch
	Labels               []string
	Reviewers            []string
	Reviews              []*Review
	Threads              []*Thread
	Comments             []*Comment
	CreatedAt, UpdatedAt time.Time
	ClosedAt, MergedAt   time.Time

	repo *Repository
}

// copy makes what the caller may keep: later changes of the server do not reach it.
func (p *PullRequest) copy() *PullRequest {
	q := *p
	q.Labels, q.Reviewers = slices.Clone(p.Labels), slices.Clone(p.Reviewers)
	q.Reviews, q.Comments = copyAll(p.Reviews), copyAll(p.Comments)
	q.Threads = copyAll(p.Threads)
	for _, t := range q.Threads {
		t.Comments = copyAll(t.Comments)
	}
	return &q
}

func copyAll[T any](list []*T) []*T {
	copies := make([]*T, len(list))
	for i, item := range list {
		c := *item
		copies[i] = &c
	}
	return copies
}

// ReviewComments are all comments on lines and files, thread by thread.
func (p *PullRequest) ReviewComments() []*Comment {
	var all []*Comment
	for _, t := range p.Threads {
		all = append(all, t.Comments...)
	}
	return all
}

// PullRequest is a pull request as it stands. It fails when there is none of that number.
func (r *Repository) PullRequest(number int) (*PullRequest, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil {
		return nil, fmt.Errorf("no pull request %d in %s", number, r.FullName())
	}
	return p.copy(), nil
}

// PullRequests are all pull requests as they stand, oldest first.
func (r *Repository) PullRequests() []*PullRequest {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var all []*PullRequest
	for _, p := range r.pulls {
		all = append(all, p.copy())
	}
	return all
}

// Diff is what a pull request changes: from the merge base to its head.
func (r *Repository) Diff(number int) (*Diff, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil {
		return nil, fmt.Errorf("no pull request %d in %s", number, r.FullName())
	}
	return p.diff()
}

func (r *Repository) pull(number int) *PullRequest {
	for _, p := range r.pulls {
		if p.Number == number {
			return p
		}
	}
	return nil
}

func (p *PullRequest) diff() (*Diff, error) { return p.repo.compare(p.Base.SHA, p.Head.SHA) }

// commits are the hashes that the pull request adds, oldest first.
func (p *PullRequest) commits() ([]Commit, error) {
	return p.repo.log("--reverse", "--end-of-options", p.Base.SHA+".."+p.Head.SHA)
}

// NewPullRequest says what [Repository.OpenPullRequest] opens.
type NewPullRequest struct {
	// Head is the branch with the change; From is the fork that has it, nil for the repository itself.
	Head string
	From *Repository
	// Base is where it goes; empty is the default branch.
	Base        string
	Title, Body string
	// Author is a login; empty is mona.
	Author string
	Draft  bool
}

// OpenPullRequest opens a pull request as a person does and gives its number. It fails where GitHub refuses.
func (r *Repository) OpenPullRequest(n NewPullRequest) (int, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if n.Author == "" {
		n.Author = "mona"
	}
	if n.Base == "" {
		n.Base = r.DefaultBranch
	}
	if n.From == nil {
		n.From = r
	}
	p, err := r.open(n, r.server.user(n.Author, "User"))
	if err != nil {
		return 0, err
	}
	return p.Number, nil
}

func (r *Repository) open(n NewPullRequest, author *User) (*PullRequest, error) {
	base, head := r.Head(n.Base), n.From.Head(n.Head)
	switch {
	case base == "":
		return nil, invalid("PullRequest", "base", "invalid", "")
	case head == "":
		return nil, invalid("PullRequest", "head", "invalid", "")
	}
	for _, p := range r.pulls {
		if p.State == "open" && p.Head.Repository == n.From && p.Head.Ref == n.Head && p.Base.Ref == n.Base {
			return nil, invalid("PullRequest", "", "custom", fmt.Sprintf("A pull request already exists for %s:%s.", n.From.Owner, n.Head))
		}
	}
	if err := r.bring(n.From, head); err != nil {
		return nil, err
	}
	ahead, err := r.log("-1", "--end-of-options", base+".."+head)
	if err != nil {
		return nil, err
	}
	if len(ahead) == 0 {
		return nil, invalid("PullRequest", "", "custom", fmt.Sprintf("No commits between %s and %s", n.Base, n.Head))
	}
	r.numbers++
	now := r.server.now()
	p := &PullRequest{
		ID: r.server.id(), Number: r.numbers, Title: n.Title, Body: n.Body, State: "open", Draft: n.Draft, Author: *author, CreatedAt: now, UpdatedAt: now,
		Base: Branch{r, n.Base, base}, Head: Branch{n.From, n.Head, head}, repo: r,
	}
	if err := p.writeRefs(); err != nil {
		return nil, err
	}
	r.pulls = append(r.pulls, p)
	r.server.sendPull(p, "opened", author, nil)
	return p, nil
}

// bring fetches a fork's commit, as a pull request's commits can be read in the repository it is for.
func (r *Repository) bring(from *Repository, sha string) error {
	if from == r {
		return nil
	}
	_, err := r.git(nil, "fetch", "-q", "--no-tags", "--no-write-fetch-head", "file://"+from.folder, sha)
	return err
}

// writeRefs lets refs/pull/N/head follow the pull request.
func (p *PullRequest) writeRefs() error {
	_, err := p.repo.git(nil, "update-ref", fmt.Sprintf("refs/pull/%d/head", p.Number), p.Head.SHA)
	return err
}

// follow lets the open pull requests of all repositories follow a branch that moved; one whose head was deleted is closed.
func (s *Server) follow(moved *Repository, branch, after string, who *User) error {
	var errs []error
	for _, r := range s.repositories {
		for _, p := range r.pulls {
			if p.State != "open" {
				continue
			}
			if p.Base.Repository == moved && p.Base.Ref == branch && after != "" {
				p.Base.SHA, p.Mergeable = after, nil
			}
			if p.Head.Repository == moved && p.Head.Ref == branch {
				errs = append(errs, p.follow(after, who))
			}
		}
	}
	return errors.Join(errs...)
}

func (p *PullRequest) follow(after string, who *User) error {
	if after == "" {
		p.close(who)
		return nil
	}
	if err := p.repo.bring(p.Head.Repository, after); err != nil {
		return err
	}
	before := p.Head.SHA
	p.Head.SHA, p.Mergeable, p.UpdatedAt = after, nil, p.repo.server.now()
	if err := p.writeRefs(); err != nil {
		return err
	}
	if err := p.carry(before, after); err != nil {
		return err
	}
	p.repo.server.sendPull(p, "synchronize", who, map[string]any{"before": before, "after": after})
	return nil
}

func (p *PullRequest) close(who *User) {
	now := p.repo.server.now()
	p.State, p.ClosedAt, p.UpdatedAt = "closed", now, now
	p.repo.server.sendPull(p, "closed", who, nil)
}

// PullRequestChange is what a person changes of a pull request; nil and false leave a thing as it is.
type PullRequestChange struct {
	Title, Body, Base *string
	// State is open or closed.
	State string
	// Ready ends its being a draft.
	Ready bool
}

// Change edits, closes, reopens or readies a pull request as a person does, with the events of each.
func (r *Repository) Change(number int, change PullRequestChange) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil {
		return fmt.Errorf("no pull request %d in %s", number, r.FullName())
	}
	return p.change(change, r.server.user("mona", "User"))
}

func (p *PullRequest) change(change PullRequestChange, who *User) error {
	s := p.repo.server
	changes := map[string]any{}
	edit := func(name string, field, value *string) {
		if value != nil && *value != *field {
			changes[name] = map[string]any{"from": *field}
			*field = *value
		}
	}
	if change.Base != nil && *change.Base != p.Base.Ref {
		sha := p.repo.Head(*change.Base)
		if sha == "" {
			return invalid("PullRequest", "base", "invalid", "")
		}
		changes["base"] = map[string]any{"ref": map[string]any{"from": p.Base.Ref}, "sha": map[string]any{"from": p.Base.SHA}}
		p.Base.Ref, p.Base.SHA, p.Mergeable = *change.Base, sha, nil
	}
	edit("title", &p.Title, change.Title)
	edit("body", &p.Body, change.Body)
	p.UpdatedAt = s.now()
	if len(changes) > 0 {
		s.sendPull(p, "edited", who, map[string]any{"changes": changes})
	}
	if change.Ready && p.Draft {
		p.Draft = false
		s.sendPull(p, "ready_for_review", who, nil)
	}
	switch {
	case change.State == "closed" && p.State == "open":
		p.close(who)
	case change.State == "open" && p.State == "closed":
		if p.Merged || p.Head.Repository.Head(p.Head.Ref) == "" {
			return invalid("PullRequest", "state", "invalid", "state cannot be changed. The branch has been deleted or was merged.")
		}
		p.State, p.ClosedAt = "open", time.Time{}
		s.sendPull(p, "reopened", who, nil)
	}
	return nil
}

// Merge merges a pull request with a merge commit and closes it. It fails when git cannot merge it.
func (r *Repository) Merge(number int) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil || p.State != "open" {
		return fmt.Errorf("no open pull request %d in %s", number, r.FullName())
	}
	tree, err := r.git(nil, "merge-tree", "--write-tree", p.Base.SHA, p.Head.SHA)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("Merge pull request #%d from %s/%s", p.Number, p.Head.Repository.Owner, p.Head.Ref)
	sha, err := r.commitTree(tree, message, "Mona Lisa <mona@example.com>", p.Base.SHA, p.Head.SHA)
	if err != nil {
		return err
	}
	who := r.server.user("mona", "User")
	before := p.Base.SHA
	p.Merged, p.MergedAt, p.MergeCommit = true, r.server.now(), sha
	p.close(who)
	return r.move("refs/heads/"+p.Base.Ref, before, sha, who)
}

// get finds the pull request that a call is about.
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
		case state != "all" && p.State != cmpOr(state, "open"),
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

func cmpOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
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
