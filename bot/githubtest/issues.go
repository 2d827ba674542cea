package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// Comment says something on a pull request as a person does, with its event, and gives the comment's id.
func (r *Repository) Comment(number int, author, body string) (int64, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pull(number)
	if p == nil {
		return 0, fmt.Errorf("no pull request %d in %s", number, r.FullName())
	}
	return p.comment(r.server.user(author, "User"), body).ID, nil
}

func (p *PullRequest) comment(author *User, body string) *Comment {
	s := p.repo.server
	k := &Comment{ID: s.id(), Author: *author, Body: body, CreatedAt: s.now(), UpdatedAt: s.now()}
	p.Comments = append(p.Comments, k)
	s.sendComment(p, k, author)
	return k
}

func (r *Repository) issueComment(id int64) (*PullRequest, *Comment) {
	for _, p := range r.pulls {
		for _, k := range p.Comments {
			if k.ID == id {
				return p, k
			}
		}
	}
	return nil, nil
}

func getIssue(c *call) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.issueFacts(p), nil
}

func listIssueComments(c *call) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	list := []any{}
	for _, k := range visible(c, p.Comments) {
		list = append(list, c.issueCommentFacts(p, k))
	}
	return http.StatusOK, list, nil
}

func createIssueComment(c *call) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct{ Body string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if err := checkBody("IssueComment", ask.Body); err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, c.issueCommentFacts(p, p.comment(c.actor(), ask.Body)), nil
}

func updateIssueComment(c *call) (int, any, error) {
	p, k := c.repo.issueComment(c.number("comment_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	if err := c.edit(k, "IssueComment"); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.issueCommentFacts(p, k), nil
}

func deleteIssueComment(c *call) (int, any, error) {
	p, k := c.repo.issueComment(c.number("comment_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	p.Comments = slices.DeleteFunc(p.Comments, func(other *Comment) bool { return other == k })
	return http.StatusNoContent, nil, nil
}

func reactToIssueComment(c *call) (int, any, error) {
	_, k := c.repo.issueComment(c.number("comment_id"))
	return c.react(k)
}

func listLabelsOfIssue(c *call) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.repo.labelFacts(p.Labels), nil
}

// askedLabels reads {"labels":[…]} or a bare array, of names or of objects with a name.
func (c *call) askedLabels() ([]string, error) {
	var object struct{ Labels []json.RawMessage }
	if err := json.Unmarshal(c.body, &object); err != nil {
		if err := c.read(&object.Labels); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, item := range object.Labels {
		var name string
		var label struct{ Name string }
		if json.Unmarshal(item, &name) != nil {
			if err := json.Unmarshal(item, &label); err != nil {
				return nil, refuse(http.StatusBadRequest, "Problems parsing JSON")
			}
			name = label.Name
		}
		names = append(names, name)
	}
	return names, nil
}

// addLabels makes the labels that the repository does not have yet.
func addLabels(c *call) (int, any, error) { return c.label(false) }

func setLabels(c *call) (int, any, error) { return c.label(true) }

func (c *call) label(replace bool) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	names, err := c.askedLabels()
	if err != nil {
		return 0, nil, err
	}
	if replace {
		p.Labels = nil
	}
	for _, name := range names {
		if !slices.Contains(p.Labels, name) {
			p.Labels = append(p.Labels, name)
		}
		if !slices.Contains(c.repo.labels, name) {
			c.repo.labels = append(c.repo.labels, name)
		}
	}
	return http.StatusOK, c.repo.labelFacts(p.Labels), nil
}

func removeLabel(c *call) (int, any, error) {
	p, err := c.pull("issue_number")
	if err != nil {
		return 0, nil, err
	}
	i := slices.Index(p.Labels, c.params["name"])
	if i < 0 {
		return 0, nil, refuse(http.StatusNotFound, "Label does not exist")
	}
	p.Labels = slices.Delete(p.Labels, i, i+1)
	return http.StatusOK, c.repo.labelFacts(p.Labels), nil
}

func listLabels(c *call) (int, any, error) {
	return http.StatusOK, c.repo.labelFacts(c.repo.labels), nil
}

func createLabel(c *call) (int, any, error) {
	var ask struct{ Name string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if slices.Contains(c.repo.labels, ask.Name) {
		return 0, nil, invalid("Label", "name", "already_exists", "")
	}
	c.repo.labels = append(c.repo.labels, ask.Name)
	return http.StatusCreated, c.repo.labelFacts([]string{ask.Name})[0], nil
}
