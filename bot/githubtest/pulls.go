package githubtest

import (
	"errors"
	"fmt"
	"slices"
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
