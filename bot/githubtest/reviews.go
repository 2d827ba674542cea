package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// Review is one review of a pull request; its comments stand in the threads.
type Review struct {
	ID     int64
	Author User
	Body   string
	// State is PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED or DISMISSED.
	State       string
	CommitID    string
	SubmittedAt time.Time // zero while it is pending
}

var reviewStates = map[string]string{"": "PENDING", "COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}

// unprocessable is a review refused; what is wrong comes as sentences.
func unprocessable(sentences ...any) error {
	return refuse(http.StatusUnprocessableEntity, "Unprocessable Entity", sentences...)
}

// createReview takes all of a review or nothing: one comment off the diff refuses the others too.
func createReview(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	var ask struct {
		CommitID string `json:"commit_id"`
		Body     string
		Event    string
		Comments []place
	}
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	v := &Review{Author: *c.actor(), Body: ask.Body, State: reviewStates[ask.Event], CommitID: cmp.Or(ask.CommitID, p.Head.SHA)}
	if err := p.admit(v, ask.Event, len(ask.Comments)); err != nil {
		return 0, nil, err
	}
	threads, err := p.threads(ask.Comments, v.CommitID)
	if err != nil {
		return 0, nil, err
	}
	v.ID = c.id()
	if v.State != "PENDING" {
		v.SubmittedAt = c.now()
	}
	p.Reviews = append(p.Reviews, v)
	for i, t := range threads {
		p.say(t, v, ask.Comments[i].Body)
	}
	return http.StatusOK, c.reviewFacts(p, v), nil
}

// admit says whether an author may make such a review at all.
func (p *PullRequest) admit(v *Review, event string, comments int) error {
	pending := func(other *Review) bool { return other.State == "PENDING" && other.Author.ID == v.Author.ID }
	own := v.Author.ID == p.Author.ID
	switch {
	case slices.ContainsFunc(p.Reviews, pending):
		// That there is one is sure, the wording is from memory.
		return unprocessable("User can only have one pending review per pull request")
	case own && event == "APPROVE":
		return unprocessable("Can not approve your own pull request")
	case own && event == "REQUEST_CHANGES":
		return unprocessable("Can not request changes on your own pull request")
	case v.Body == "" && (event == "REQUEST_CHANGES" || event == "COMMENT" && comments == 0):
		return unprocessable("Body can't be blank")
	}
	if err := tooLong("PullRequestReview", v.Body); err != nil {
		return err
	}
	// That it is refused is sure, the wording is from memory.
	if ok, err := p.has(v.CommitID); err != nil || !ok {
		return cmp.Or(err, unprocessable("Commit is not part of the pull request"))
	}
	return nil
}

// threads makes the threads of a review's comments, or refuses with a sentence for each that is wrong.
func (p *PullRequest) threads(places []place, commit string) ([]*Thread, error) {
	var threads []*Thread
	var sentences []any
	for _, at := range places {
		if err := checkBody("PullRequestReviewComment", at.Body); err != nil {
			return nil, err
		}
		t, faults, err := p.thread(at, commit)
		if err != nil {
			return nil, err
		}
		if len(faults) > 0 {
			sentences = append(sentences, threadSentence(faults))
		}
		threads = append(threads, t)
	}
	if len(sentences) > 0 {
		return nil, unprocessable(sentences...)
	}
	return threads, nil
}

func (c *call) review() (*PullRequest, *Review, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return nil, nil, err
	}
	for _, v := range p.Reviews {
		if v.ID == c.number("review_id") {
			return p, v, nil
		}
	}
	return nil, nil, errNotFound
}

func listReviews(c *call) (int, any, error) {
	p, err := c.pull("pull_number")
	if err != nil {
		return 0, nil, err
	}
	list := []any{}
	for _, v := range visible(c, p.Reviews) {
		list = append(list, c.reviewFacts(p, v))
	}
	return http.StatusOK, list, nil
}

func listCommentsOfReview(c *call) (int, any, error) {
	p, v, err := c.review()
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, c.threadsFacts(p, v.ID), nil
}

func submitReview(c *call) (int, any, error) {
	p, v, err := c.review()
	if err != nil {
		return 0, nil, err
	}
	var ask struct{ Body, Event string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if v.State != "PENDING" {
		return 0, nil, unprocessable("Can not submit a review that is not pending")
	}
	v.State, v.SubmittedAt, v.Body = reviewStates[ask.Event], c.now(), cmp.Or(ask.Body, v.Body)
	return http.StatusOK, c.reviewFacts(p, v), nil
}

func updateReview(c *call) (int, any, error) {
	p, v, err := c.review()
	if err != nil {
		return 0, nil, err
	}
	var ask struct{ Body string }
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if err := tooLong("PullRequestReview", ask.Body); err != nil {
		return 0, nil, err
	}
	v.Body = ask.Body
	return http.StatusOK, c.reviewFacts(p, v), nil
}

func dismissReview(c *call) (int, any, error) {
	p, v, err := c.review()
	if err != nil {
		return 0, nil, err
	}
	if v.State != "APPROVED" && v.State != "CHANGES_REQUESTED" {
		return 0, nil, unprocessable("Can not dismiss a " + map[bool]string{true: "pending", false: "commented"}[v.State == "PENDING"] + " pull request review")
	}
	v.State = "DISMISSED"
	return http.StatusOK, c.reviewFacts(p, v), nil
}
