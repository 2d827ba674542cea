package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CheckRun is one check of a commit.
type CheckRun struct {
	ID, SuiteID   int64
	Name, HeadSHA string
	ExternalID    string
	DetailsURL    string
	Status        string // queued, in_progress or completed
	Conclusion    string // empty until it is completed
	Title         string
	Summary, Text string
	Annotations   []Annotation
	StartedAt     time.Time
	CompletedAt   time.Time
}

// Annotation is what a check says about lines of a file, from 1.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"` // notice, warning or failure
	Title       string `json:"title"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details"`
}

// CheckRuns are the check runs of the repository as they stand, oldest first; of one commit when it is named.
func (r *Repository) CheckRuns(commit string) []*CheckRun {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var runs []*CheckRun
	for _, k := range copyAll(r.checks) {
		if commit == "" || k.HeadSHA == commit {
			k.Annotations = slices.Clone(k.Annotations)
			runs = append(runs, k)
		}
	}
	return runs
}

// Rerequest asks for a check run again as a person does by its button: it sends check_run rerequested.
func (r *Repository) Rerequest(id int64) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	k := r.check(id)
	if k == nil {
		return fmt.Errorf("no check run %d in %s", id, r.FullName())
	}
	r.server.sendCheck(r, k, "rerequested", r.server.user("mona", "User"))
	return nil
}

func (r *Repository) check(id int64) *CheckRun {
	for _, k := range r.checks {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// checkChange is what a request says of a check run; nil leaves a thing as it is.
type checkChange struct {
	Name        *string
	HeadSHA     string     `json:"head_sha"`
	ExternalID  *string    `json:"external_id"`
	DetailsURL  *string    `json:"details_url"`
	Status      *string    `json:"status"`
	Conclusion  *string    `json:"conclusion"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title, Summary, Text *string
		Annotations          []Annotation
	}
}

// apply changes a check run. A conclusion completes it; annotations are added to those it has.
func (k *CheckRun) apply(ask checkChange, now time.Time) error {
	if ask.Status != nil && *ask.Status == "completed" && ask.Conclusion == nil && k.Conclusion == "" {
		return invalid("CheckRun", "conclusion", "missing_field", "")
	}
	set := func(field, value *string) {
		if value != nil {
			*field = *value
		}
	}
	set(&k.Name, ask.Name)
	set(&k.ExternalID, ask.ExternalID)
	set(&k.DetailsURL, ask.DetailsURL)
	set(&k.Status, ask.Status)
	if ask.StartedAt != nil {
		k.StartedAt = *ask.StartedAt
	}
	if ask.Conclusion != nil {
		k.Conclusion, k.Status, k.CompletedAt = *ask.Conclusion, "completed", now
	}
	if ask.CompletedAt != nil {
		k.CompletedAt = *ask.CompletedAt
	}
	if k.Status != "completed" {
		k.Conclusion, k.CompletedAt = "", time.Time{}
	}
	if ask.Output == nil {
		return nil
	}
	set(&k.Title, ask.Output.Title)
	set(&k.Summary, ask.Output.Summary)
	set(&k.Text, ask.Output.Text)
	k.Annotations = append(k.Annotations, ask.Output.Annotations...)
	return nil
}

func createCheck(c *call) (int, any, error) {
	var ask checkChange
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	if c.repo.resolve(ask.HeadSHA) != ask.HeadSHA || ask.HeadSHA == "" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+ask.HeadSHA)
	}
	k := &CheckRun{HeadSHA: ask.HeadSHA, Status: "queued", StartedAt: c.now()}
	if err := k.apply(ask, c.now()); err != nil {
		return 0, nil, err
	}
	k.ID, k.SuiteID = c.id(), c.repo.suite(ask.HeadSHA)
	c.repo.checks = append(c.repo.checks, k)
	c.sendCheck(c.repo, k, "created", c.actor())
	if k.Status == "completed" {
		c.sendCheck(c.repo, k, "completed", c.actor())
	}
	return http.StatusCreated, c.checkFacts(c.repo, k), nil
}

// suite is the one that all checks of a commit share.
func (r *Repository) suite(sha string) int64 {
	for _, k := range r.checks {
		if k.HeadSHA == sha {
			return k.SuiteID
		}
	}
	return r.server.id()
}

func updateCheck(c *call) (int, any, error) {
	k := c.repo.check(c.number("check_run_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	var ask checkChange
	if err := c.read(&ask); err != nil {
		return 0, nil, err
	}
	was := k.Status
	if err := k.apply(ask, c.now()); err != nil {
		return 0, nil, err
	}
	if was != "completed" && k.Status == "completed" {
		c.sendCheck(c.repo, k, "completed", c.actor())
	}
	return http.StatusOK, c.checkFacts(c.repo, k), nil
}

func getCheck(c *call) (int, any, error) {
	k := c.repo.check(c.number("check_run_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	return http.StatusOK, c.checkFacts(c.repo, k), nil
}

func listAnnotations(c *call) (int, any, error) {
	k := c.repo.check(c.number("check_run_id"))
	if k == nil {
		return 0, nil, errNotFound
	}
	list := []any{}
	for _, a := range k.Annotations {
		list = append(list, map[string]any{
			"path": a.Path, "start_line": a.StartLine, "end_line": a.EndLine, "start_column": a.StartColumn, "end_column": a.EndColumn,
			"annotation_level": a.Level, "title": nullable(a.Title), "message": a.Message, "raw_details": nullable(a.RawDetails),
			"blob_href": c.repo.page("/blob/%s/%s", k.HeadSHA, a.Path),
		})
	}
	return http.StatusOK, list, nil
}

// listChecks lists the newest run of each name, as GitHub does unless all are asked for.
func listChecks(c *call) (int, any, error) {
	sha := c.repo.resolve(strings.TrimPrefix(c.params["ref"], "heads/"))
	if sha == "" {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	list := []any{}
	seen := map[string]bool{}
	runs := visible(c, slices.DeleteFunc(slices.Clone(c.repo.checks), func(k *CheckRun) bool { return k.HeadSHA != sha }))
	for _, k := range slices.Backward(runs) {
		switch {
		case c.query("check_name") != "" && k.Name != c.query("check_name"),
			c.query("status") != "" && k.Status != c.query("status"),
			c.query("filter") != "all" && seen[k.Name]:
			continue
		}
		seen[k.Name] = true
		list = append(list, c.checkFacts(c.repo, k))
	}
	return http.StatusOK, wrapped{key: "check_runs", items: list}, nil
}
