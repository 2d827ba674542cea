package githubtest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// subscribed are the events that the App gets.
var subscribed = []string{"check_run", "issue_comment", "merge_group", "pull_request", "push"}

// maxHook is the size above which GitHub does not send a payload.
const maxHook = 25 << 20

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	ID int64
	// GUID is the same for all attempts of one event.
	GUID          string
	Event, Action string
	Redelivery    bool
	Payload       []byte
	DeliveredAt   time.Time
	// StatusCode is the receiver's; 0 when it did not answer. Status is OK or what went wrong.
	StatusCode int
	Status     string
	Response   string

	headers                    http.Header
	installation, repositoryID int64
}

func (d *Delivery) facts(whole bool) map[string]any {
	facts := map[string]any{
		"id": d.ID, "guid": d.GUID, "delivered_at": timeFact(d.DeliveredAt), "redelivery": d.Redelivery, "duration": 0.01, "status": d.Status,
		"status_code": d.StatusCode, "event": d.Event, "action": nullable(d.Action), "installation_id": d.installation, "repository_id": nil, "throttled_at": nil,
	}
	if d.repositoryID != 0 {
		facts["repository_id"] = d.repositoryID
	}
	if whole {
		headers := map[string]string{}
		for name := range d.headers {
			headers[name] = d.headers.Get(name)
		}
		facts["request"] = map[string]any{"headers": headers, "payload": json.RawMessage(d.Payload)}
		facts["response"] = map[string]any{"headers": map[string]any{}, "payload": d.Response}
	}
	return facts
}

// hookSender delivers webhooks one after the other. GitHub promises no order; a test that wants another one redelivers.
type hookSender struct {
	url        string
	form       bool
	deliveries []*Delivery
	queue      []*Delivery
	busy       bool
	wake       *sync.Cond
	client     *http.Client
}

func (h *hookSender) contentType() string {
	if h.form {
		return "form"
	}
	return "json"
}

func (h *hookSender) find(id int64) *Delivery {
	for _, d := range h.deliveries {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// SetWebhook sets where events go and what signs them; an empty secret keeps the App's own. Without an address nothing
// is sent. Events that were not sent for want of one are lost, as they are on GitHub.
func (s *Server) SetWebhook(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.url = url
	if secret != "" {
		s.app.WebhookSecret = secret
	}
}

// SetWebhookForm sends payloads as application/x-www-form-urlencoded, in the field payload, instead of as JSON.
func (s *Server) SetWebhookForm(form bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.form = form
}

// Deliveries are all attempts that were made or wait to be, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Delivery
	for _, d := range s.hooks.deliveries {
		all = append(all, *d)
	}
	return all
}

// Redeliver sends a delivery's event again under the same GUID.
func (s *Server) Redeliver(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.hooks.find(id)
	if d == nil {
		return fmt.Errorf("no delivery %d", id)
	}
	s.hooks.again(s, d)
	return nil
}

func (h *hookSender) again(s *Server, d *Delivery) {
	next := &Delivery{ID: s.id(), GUID: d.GUID, Event: d.Event, Action: d.Action, Redelivery: true, Payload: d.Payload, installation: d.installation, repositoryID: d.repositoryID}
	h.enqueue(next)
}

func (h *hookSender) enqueue(d *Delivery) {
	h.deliveries = append(h.deliveries, d)
	h.queue = append(h.queue, d)
	h.wake.Broadcast()
}

// Wait returns when every event has been delivered or given up; it fails when ctx ends first.
func (s *Server) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.hooks.wake.Broadcast)
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for (len(s.hooks.queue) > 0 || s.hooks.busy) && ctx.Err() == nil && s.life.Err() == nil {
		s.hooks.wake.Wait()
	}
	return ctx.Err()
}

func (h *hookSender) start(s *Server) {
	h.wake = sync.NewCond(&s.mu)
	h.client = &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	context.AfterFunc(s.life, h.wake.Broadcast)
	s.running.Go(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for s.life.Err() == nil {
			if len(h.queue) == 0 {
				h.wake.Wait()
				continue
			}
			d := h.queue[0]
			h.queue, h.busy = h.queue[1:], true
			target, body := h.url, s.seal(d)
			s.mu.Unlock()
			code, text, err := s.post(target, d.headers, body)
			s.mu.Lock()
			d.DeliveredAt, d.StatusCode, d.Response, d.Status = s.now(), code, text, "OK"
			if err != nil {
				d.Status = err.Error()
			} else if code >= http.StatusMultipleChoices {
				d.Status = "Invalid HTTP Response: " + strconv.Itoa(code)
			}
			h.busy = false
			h.wake.Broadcast()
		}
	})
}

// seal makes the body and the headers of a delivery.
func (s *Server) seal(d *Delivery) []byte {
	body, kind := d.Payload, "application/json"
	if s.hooks.form {
		body, kind = []byte(url.Values{"payload": {string(d.Payload)}}.Encode()), "application/x-www-form-urlencoded"
	}
	mac := hmac.New(sha256.New, []byte(s.app.WebhookSecret))
	mac.Write(body)
	d.headers = http.Header{}
	for name, value := range map[string]string{
		"Content-Type": kind, "Accept": "*/*", "User-Agent": "GitHub-Hookshot/5100d3a", "X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID,
		"X-GitHub-Hook-ID": "9001", "X-GitHub-Hook-Installation-Target-ID": strconv.FormatInt(s.app.ID, 10),
		"X-GitHub-Hook-Installation-Target-Type": "integration", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		d.headers.Set(name, value)
	}
	return body
}

func (s *Server) post(target string, headers http.Header, body []byte) (code int, text string, err error) {
	ctx, cancel := context.WithTimeout(s.life, s.options.HookTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header = headers.Clone()
	answer, err := s.hooks.client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return 0, "", fmt.Errorf("timed out")
		}
		return 0, "", fmt.Errorf("failed to connect to host")
	}
	defer answer.Body.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	return answer.StatusCode, string(data), err
}

// send completes an event's payload to what the contract requires and queues it. An event of a repository that no
// installation covers goes nowhere.
func (s *Server) send(event, action string, i *Installation, r *Repository, who *User, facts map[string]any) {
	if i == nil || !i.SuspendedAt.IsZero() || s.hooks.url == "" {
		return
	}
	if action != "" {
		facts["action"] = action
	}
	if who != nil {
		facts["sender"] = s.userFacts(who)
	}
	if r != nil {
		facts["repository"] = s.repositoryFacts(r)
	}
	if _, ok := facts["installation"]; !ok {
		facts["installation"] = map[string]any{"id": i.ID, "node_id": nodeID("I", i.ID)}
	}
	schema, err := s.contract.hook(event, action)
	var payload []byte
	if err == nil {
		payload, err = complete(schema, facts, s.URL)
	}
	if err != nil {
		s.breaches = append(s.breaches, fmt.Sprintf("webhook %s %s is off contract: %v", event, action, err))
		return
	}
	if len(payload) > maxHook {
		return
	}
	d := &Delivery{ID: s.id(), GUID: guid(), Event: event, Action: action, Payload: payload, installation: i.ID}
	if r != nil {
		d.repositoryID = r.ID
	}
	s.hooks.enqueue(d)
}

// guid is a random UUID, version 4.
func guid() string {
	var b [16]byte
	rand.Read(b[:]) // documented never to fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

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
	for name, value := range extra {
		facts[name] = value
	}
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
