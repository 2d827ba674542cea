package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// comment finds a comment with its thread and pull request.
func (r *Repository) comment(id int64) (*PullRequest, *Thread, *Comment) {
	for _, p := range r.pulls {
		for _, t := range p.Threads {
			for _, k := range t.Comments {
				if k.ID == id {
					return p, t, k
				}
			}
		}
	}
	return nil, nil, nil
}

func listComments(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.threadsFacts(p, 0), nil
}

// threadsFacts are the comments in order of their making, of one review or, with 0, of all; those of a pending review are
// shown to nobody but in the review itself.
func (c *call) threadsFacts(p *PullRequest, review int64) []any {
	type said struct {
		thread  *Thread
		comment *Comment
	}
	var all []said
	for _, t := range p.Threads {
		for _, k := range t.Comments {
			if review == k.ReviewID || review == 0 && !p.pending(k.ReviewID) {
				all = append(all, said{t, k})
			}
		}
	}
	slices.SortFunc(all, func(a, b said) int { return int(a.comment.ID - b.comment.ID) })
	list := []any{}
	for _, s := range visible(c, all) {
		list = append(list, c.commentFacts(p, s.thread, s.comment))
	}
	return list
}

func (p *PullRequest) pending(review int64) bool {
	return slices.ContainsFunc(p.Reviews, func(v *Review) bool { return v.ID == review && v.State == "PENDING" })
}

// createComment is one comment with a review of its own. What is wrong with its place comes as fields.
func createComment(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct {
		place
		CommitID  string `json:"commit_id"`
		InReplyTo int64  `json:"in_reply_to"`
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if ask.InReplyTo != 0 {
		return reply(c, p, ask.InReplyTo, ask.Body)
	}
	const resource = "PullRequestReviewComment"
	if err := checkBody(resource, ask.Body); err != nil {
		return 0, nil, err
	}
	if ok, err := p.has(ask.CommitID); err != nil || !ok {
		// That it is refused is sure, the wording is from memory.
		return 0, nil, cmp.Or(err, invalid(resource, "commit_id", "custom", "commit_id is not part of the pull request"))
	}
	t, faults, err := p.thread(ask.place, ask.CommitID)
	if err != nil {
		return 0, nil, err
	}
	if len(faults) > 0 {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Validation Failed", threadFields(resource, faults)...)
	}
	v := &Review{ID: c.id(), Author: *c.actor(), State: "COMMENTED", CommitID: ask.CommitID, SubmittedAt: c.now()}
	p.Reviews = append(p.Reviews, v)
	k := p.say(t, v, ask.Body)
	return http.StatusCreated, c.commentFacts(p, t, k), nil
}

func checkBody(resource, body string) error {
	if strings.TrimSpace(body) == "" {
		return invalid(resource, "body", "missing_field", "")
	}
	return tooLong(resource, body)
}

func createReply(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct{ Body string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	return reply(c, p, c.number("comment_id"), ask.Body)
}

func reply(c *call, p *PullRequest, to int64, body string) (int, any, error) {
	other, t, _ := c.repo.comment(to)
	if other != p || t == nil {
		return 0, nil, errNotFound
	}
	if err := checkBody("PullRequestReviewComment", body); err != nil {
		return 0, nil, err
	}
	v := &Review{ID: c.id(), Author: *c.actor(), State: "COMMENTED", CommitID: p.Head.SHA, SubmittedAt: c.now()}
	p.Reviews = append(p.Reviews, v)
	return http.StatusCreated, c.commentFacts(p, t, p.say(t, v, body)), nil
}

func getComment(c *call) (int, any, error) {
	p, t, k := c.repo.comment(c.number("comment_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	return http.StatusOK, c.commentFacts(p, t, k), nil
}

func updateComment(c *call) (int, any, error) {
	p, t, k := c.repo.comment(c.number("comment_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	if err := c.edit(k, "PullRequestReviewComment"); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.commentFacts(p, t, k), nil
}

// edit replaces a comment's text; an App may do so with its own comments.
func (c *call) edit(k *Comment, resource string) error {
	var ask struct{ Body string }
	if err := c.read(&ask); err != nil {
		return err
	}
	if k.Author.ID != c.actor().ID {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	if err := checkBody(resource, ask.Body); err != nil {
		return err
	}
	k.Body, k.UpdatedAt = ask.Body, c.now()
	return nil
}

func deleteComment(c *call) (int, any, error) {
	p, t, k := c.repo.comment(c.number("comment_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	t.Comments = slices.DeleteFunc(t.Comments, func(other *Comment) bool { return other == k })
	p.Threads = slices.DeleteFunc(p.Threads, func(t *Thread) bool { return len(t.Comments) == 0 })
	return http.StatusNoContent, nil, nil
}

func reactToComment(c *call) (int, any, error) {
	_, _, k := c.repo.comment(c.number("comment_id"))
	return c.react(k)
}

// react adds a reaction once: the second time it answers what is there.
func (c *call) react(k *Comment) (int, any, error) {
	if k == nil {
		return 0, nil, errNotFound
	}
	var ask struct{ Content string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if !slices.Contains(k.Reactions, ask.Content) {
		k.Reactions = append(k.Reactions, ask.Content)
		status = http.StatusCreated
	}
	return status, map[string]any{"id": k.ID, "node_id": nodeID("REA", k.ID), "content": ask.Content, "user": c.userFacts(c.actor()), "created_at": timeFact(c.now())}, nil
}
