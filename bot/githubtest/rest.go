package githubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/routers"
)

// refusal is an answer that is an error in GitHub's shape.
type refusal struct {
	status  int
	message string
	errors  []any
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s %v", r.status, r.message, r.errors) }

func refuse(status int, message string, errors ...any) error {
	return &refusal{status: status, message: message, errors: errors}
}

// invalid is the 422 of one wrong field.
func invalid(resource, field, code, message string) error {
	fault := map[string]any{"resource": resource, "code": code}
	if field != "" {
		fault["field"] = field
	}
	if message != "" {
		fault["message"] = message
	}
	return refuse(http.StatusUnprocessableEntity, "Validation Failed", fault)
}

var errNotFound = refuse(http.StatusNotFound, "Not Found")

func (r *refusal) facts(url string) map[string]any {
	facts := map[string]any{"message": r.message, "documentation_url": url + "/rest", "status": strconv.Itoa(r.status)}
	if len(r.errors) > 0 {
		facts["errors"] = r.errors
	}
	return facts
}

// call is one REST request on its way to an answer.
type call struct {
	*Server
	request *http.Request
	params  map[string]string
	body    []byte
	header  http.Header // of the answer
	token   *token      // nil without a credential
	repo    *Repository // nil where the path names none
	fault   *Fault      // what was switched on for this request; nil when nothing
}

// read decodes the request's body.
func (c *call) read(into any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// number is a path parameter that the contract says is an integer.
func (c *call) number(name string) int64 {
	n, err := strconv.ParseInt(c.params[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c *call) query(name string) string { return c.request.URL.Query().Get(name) }

// actor is who the token acts as.
func (c *call) actor() *User { return c.user(c.app.Slug+"[bot]", "Bot") }

// wrapped is a list that the contract wraps into an object with its total.
type wrapped struct {
	key   string
	items []any
	extra map[string]any
}

// serveREST routes by the contract, so that what it does not name does not exist.
func (s *Server) serveREST(w http.ResponseWriter, r *http.Request, prefix string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, "reading the body: "+err.Error(), http.StatusBadRequest)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = strings.TrimPrefix(r.URL.Path, prefix), strings.TrimPrefix(r.URL.RawPath, prefix)
	inner.Host, inner.URL.Host = "", ""
	route, params, err := s.contract.router.FindRoute(inner)
	if err != nil {
		s.breach("%s %s: %v", r.Method, r.URL.Path, err)
		s.write(w, http.StatusNotFound, errNotFound.(*refusal).facts(s.URL))
		return
	}
	for name, value := range params {
		if plain, err := url.PathUnescape(value); err == nil {
			params[name] = plain
		}
	}
	template := strings.ReplaceAll(route.Path, ":.+}", "}")
	c := &call{Server: s, request: inner, params: params, body: body, header: http.Header{}}
	c.fault = s.takeFault(r.Method+" "+template, route.Operation.OperationID)
	if c.fault != nil && c.fault.before(s, w, r) {
		s.record(Request{Method: r.Method, Path: inner.URL.Path, Route: template, Operation: route.Operation.OperationID, Status: c.fault.Status, Faulted: true}, nil)
		return
	}
	status, data := c.answer(route, template)
	maps.Copy(w.Header(), c.header)
	if c.fault != nil && c.fault.after(w, status, data) {
		return
	}
	w.WriteHeader(status)
	w.Write(data) // the client is gone
}

// answer runs the operation and holds what it says to the contract.
func (c *call) answer(route *routers.Route, template string) (int, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := Request{Method: c.request.Method, Path: c.request.URL.Path, Route: template, Operation: route.Operation.OperationID}
	status, facts, err := c.run(route, &entry)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		status, facts = refused.status, refused.facts(c.URL)
	case err != nil:
		status, facts = http.StatusInternalServerError, map[string]any{"message": err.Error()}
		c.breaches = append(c.breaches, fmt.Sprintf("%s %s: %v", entry.Method, entry.Path, err))
	}
	status, data := c.encode(route, status, facts)
	status, data = c.condition(status, data)
	c.limits(&status, &data)
	entry.Status = status
	c.record(entry, c.token)
	return status, data
}

// run checks who asks, whether they may and whether the request is on contract, in GitHub's order, then answers.
func (c *call) run(route *routers.Route, entry *Request) (int, any, error) {
	op, ok := operations[route.Operation.OperationID]
	if !ok {
		return 0, nil, fmt.Errorf("the simulator does not answer %s", route.Operation.OperationID)
	}
	if op.needs == "app" {
		if err := c.authenticateApp(c.request); err != nil {
			return 0, nil, err
		}
	} else {
		t, err := c.authenticate(c.request)
		if err != nil {
			return 0, nil, err
		}
		c.token = t
	}
	if err := c.enter(op); err != nil {
		return 0, nil, err
	}
	if err := c.contract.request(c.request.Context(), c.request, route, c.params, c.body); err != nil {
		entry.OffContract = err.Error()
		return 0, nil, refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error())
	}
	return op.answer(c)
}

// enter finds the repository that the path names, unless the token may not know of it, and checks the permission.
func (c *call) enter(op operation) error {
	if owner := c.params["owner"]; owner != "" {
		c.repo = c.repository(owner, c.params["repo"])
		if c.repo == nil {
			return errNotFound
		}
	}
	if op.needs == "app" || op.needs == "" {
		return nil
	}
	covered := c.token != nil && (c.repo == nil || c.token.covers(c.repo))
	if c.repo != nil && c.repo.Private && !covered {
		return errNotFound
	}
	public := c.repo != nil && !c.repo.Private && c.request.Method == http.MethodGet
	switch {
	case public:
		return nil
	case c.token == nil:
		return refuse(http.StatusUnauthorized, "Requires authentication")
	case !covered || !c.token.may(op.needs):
		c.header.Set("X-Accepted-GitHub-Permissions", strings.NewReplacer(":", "=", "|", "; ").Replace(op.needs))
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return nil
}

// encode pages lists, fills what the contract requires and refuses to send what it does not allow.
func (c *call) encode(route *routers.Route, status int, facts any) (int, []byte) {
	c.header.Set("Content-Type", "application/json; charset=utf-8")
	switch list := facts.(type) {
	case raw:
		c.header.Set("Content-Type", list.kind)
		return status, list.data
	case []any:
		facts = c.page(list)
	case unpaged:
		facts = []any(list)
	case wrapped:
		object := map[string]any{"total_count": len(list.items), list.key: c.page(list.items)}
		maps.Copy(object, list.extra)
		facts = object
	}
	if status == http.StatusNoContent {
		return status, nil
	}
	schema, err := c.contract.response(route.Operation, status)
	if err == nil {
		var data []byte
		if data, err = complete(schema, facts, c.URL); err == nil {
			return status, data
		}
	}
	text := fmt.Sprintf("%s %s: answer %d is off contract: %v", c.request.Method, c.request.URL.Path, status, err)
	c.breaches = append(c.breaches, text)
	data, _ := json.Marshal(map[string]string{"message": text}) // a map of strings always encodes
	return http.StatusInternalServerError, data
}

// raw is an answer that is not JSON.
type raw struct {
	kind string
	data []byte
}

// page cuts the page out of a list that was asked for, and links to the others.
func (c *call) page(items []any) []any {
	size := positive(c.query("per_page"), 30)
	size = min(size, 100)
	page := positive(c.query("page"), 1)
	last := max(1, (len(items)+size-1)/size)
	var links []string
	link := func(n int, rel string) {
		u := *c.request.URL
		q := u.Query()
		q.Set("page", strconv.Itoa(n))
		u.RawQuery = q.Encode()
		links = append(links, fmt.Sprintf(`<%s%s>; rel="%s"`, c.URL, u.RequestURI(), rel))
	}
	if page > 1 {
		link(page-1, "prev")
	}
	if page < last {
		link(page+1, "next")
		link(last, "last")
	}
	if page > 1 {
		link(1, "first")
	}
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
	from := min((page-1)*size, len(items))
	return append([]any{}, items[from:min(from+size, len(items))]...)
}

func positive(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// condition answers 304 to a client that has the answer already. The tag hangs on the token too, as GitHub's does.
func (c *call) condition(status int, data []byte) (int, []byte) {
	if c.request.Method != http.MethodGet || status != http.StatusOK {
		return status, data
	}
	sum := sha256.Sum256(append(data, bearer(c.request)...))
	tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
	c.header.Set("ETag", tag)
	c.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	c.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
	if strings.TrimPrefix(c.request.Header.Get("If-None-Match"), "W/") == strings.TrimPrefix(tag, "W/") {
		return http.StatusNotModified, nil
	}
	return status, data
}

// rate is what an installation has used of its hour.
type rate struct {
	used  int
	reset time.Time
}

// limits counts the request and writes the headers that every answer has. A 304 with a credential costs nothing, and
// asking for the limits never does.
func (c *call) limits(status *int, data *[]byte) {
	r := c.rate(c.token)
	free := c.request.URL.Path == "/rate_limit" || *status == http.StatusNotModified && c.token != nil
	if !free {
		r.used++
	}
	if !free && r.used > c.options.RateLimit {
		r.used = c.options.RateLimit
		limited := &refusal{status: http.StatusForbidden, message: "API rate limit exceeded for installation ID " + c.rateName() + "."}
		*status = limited.status
		*data, _ = json.Marshal(limited.facts(c.URL)) // strings always encode
	}
	c.common(c.header, r)
}

func (c *call) rateName() string {
	if c.token == nil {
		return "0"
	}
	return strconv.FormatInt(c.token.installation.ID, 10)
}

func (s *Server) rate(t *token) *rate {
	var key int64
	if t != nil {
		key = t.installation.ID
	}
	r := s.rates[key]
	if r == nil || !s.options.Now().Before(r.reset) {
		r = &rate{reset: s.now().Add(time.Hour)}
		s.rates[key] = r
	}
	return r
}

func (s *Server) common(h http.Header, r *rate) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.options.RateLimit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.options.RateLimit-r.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(r.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(r.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	h.Set("X-GitHub-Request-Id", strings.ToUpper(randomHex(2)+":"+randomHex(3)+":"+randomHex(4)))
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("X-GitHub-Api-Version-Selected", "2022-11-28")
}

func (s *Server) write(w http.ResponseWriter, status int, facts any) {
	s.mu.Lock()
	s.common(w.Header(), s.rate(nil))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(facts) // the client is gone
}
