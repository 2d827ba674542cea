package githubtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"
)

// Request is one line of the log of what was asked.
type Request struct {
	Method, Path string
	// Route is the contract's path template, as in /repos/{owner}/{repo}/pulls; /graphql and git for the others.
	Route string
	// Operation is the contract's name of the operation, as in pulls/list; of GraphQL the field, as in createCommitOnBranch.
	Operation string
	Status    int
	// Permissions and Repositories are those of the token; nil without one. Repositories is nil too for a token that
	// reaches all that its installation does.
	Permissions  map[string]string
	Repositories []string
	// OffContract says what of the request breaks the contract; empty when nothing does.
	OffContract string
	// Faulted tells that a fault answered and nothing was done.
	Faulted bool
}

// Requests is the log of what was asked, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// record needs the lock, except of a faulted request.
func (s *Server) record(r Request, t *token) {
	if r.Faulted {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	if t != nil {
		r.Permissions = maps.Clone(t.permissions)
		for _, repo := range t.repositories {
			r.Repositories = append(r.Repositories, repo.FullName())
		}
	}
	s.requests = append(s.requests, r)
}

// Fault is something that goes wrong with a request. Set one of Status, LoseAnswer, HalfBody, Reset, Hang and HideNewest;
// HideNewest is for lists of REST, and git knows Status, Reset and Hang.
type Fault struct {
	// Times is how often it happens; 0 is until the server ends.
	Times int
	// After is how many requests pass before it begins.
	After int

	// Status answers so without doing anything, with Message as the text and Header added.
	Status  int
	Message string
	Header  http.Header
	// LoseAnswer does what was asked and cuts the connection before the answer.
	LoseAnswer bool
	// HalfBody does what was asked and cuts the connection in the middle of the answer.
	HalfBody bool
	// Reset cuts the connection without doing anything.
	Reset bool
	// Hang does not answer until the client gives up or the server ends.
	Hang bool
	// HideNewest leaves that many of the newest entries out of a list, as one that is not up to date does.
	HideNewest int
}

type activeFault struct {
	pattern string
	Fault
}

// Fault switches a fault on for the routes that match pattern: "METHOD /path/template" or an operation's name as in
// "checks/create", with path.Match's wildcards; "*" is every REST request, "graphql" GraphQL, "git" git. Faults of one
// route happen in the order they were added. The function it returns switches it off.
func (s *Server) Fault(pattern string, f Fault) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	active := &activeFault{pattern: pattern, Fault: f}
	s.faults = append(s.faults, active)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(other *activeFault) bool { return other == active })
	}
}

// takeFault finds what goes wrong with a request of any of these names.
func (s *Server) takeFault(names ...string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if !slices.ContainsFunc(names, func(name string) bool { return matches(f.pattern, name) }) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times == 1 {
			s.faults = slices.DeleteFunc(s.faults, func(other *activeFault) bool { return other == f })
		}
		f.Times--
		taken := f.Fault
		return &taken
	}
	return nil
}

func matches(pattern, name string) bool {
	if pattern == "*" || pattern == name {
		return true
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// before answers where nothing is to be done; it tells whether it did.
func (f *Fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-s.life.Done():
		}
		return true
	case f.Reset:
		cut(w)
		return true
	case f.Status != 0:
		maps.Copy(w.Header(), f.Header)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-GitHub-Request-Id", randomHex(8))
		w.WriteHeader(f.Status)
		message := f.Message
		if message == "" {
			message = http.StatusText(f.Status)
		}
		json.NewEncoder(w).Encode((&refusal{status: f.Status, message: message}).facts(s.URL)) // the client is gone
		return true
	}
	return false
}

// after spoils the answer of a request that was done; it tells whether it did.
func (f *Fault) after(w http.ResponseWriter, status int, data []byte) bool {
	switch {
	case f.LoseAnswer:
		cut(w)
		return true
	case f.HalfBody:
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		w.WriteHeader(status)
		w.Write(data[:len(data)/2])           // it is cut next
		http.NewResponseController(w).Flush() // it is cut next
		cut(w)
		return true
	}
	return false
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the connection is gone already
	}
	conn.Close() // it is being cut off
}

// visible leaves out what a fault hides from a list in order of creation.
func visible[T any](c *call, items []T) []T {
	if c.fault == nil {
		return items
	}
	return items[:max(0, len(items)-c.fault.HideNewest)]
}

// PrimaryLimit is the fault of an hour's limit used up, until reset. Status is 403 or 429; GitHub sends either.
func PrimaryLimit(status int, installation int64, reset time.Time) Fault {
	h := http.Header{}
	h.Set("X-RateLimit-Limit", "5000")
	h.Set("X-RateLimit-Remaining", "0")
	h.Set("X-RateLimit-Used", "5000")
	h.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
	return Fault{Status: status, Header: h, Message: fmt.Sprintf("API rate limit exceeded for installation ID %d.", installation)}
}

// SecondaryLimit is the fault of too much at once. Status is 403 or 429; without retryAfter the header is missing, which
// GitHub does too and which means a minute at least.
func SecondaryLimit(status int, retryAfter time.Duration) Fault {
	h := http.Header{}
	if retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	}
	return Fault{Status: status, Header: h, Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
}

// LateToken is the fault of a token that a replica does not know yet. Status is 401, 403 or 404; times how often.
func LateToken(status, times int) Fault {
	message := map[int]string{
		http.StatusUnauthorized: "Bad credentials", http.StatusForbidden: "Resource not accessible by integration", http.StatusNotFound: "Not Found",
	}[status]
	return Fault{Status: status, Times: times, Message: message}
}
