package githubtest

import (
	"bytes"
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

// again sends a delivery's event again under the same GUID.
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
