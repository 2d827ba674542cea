package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// GitHub takes 80 creating requests a minute and 500 an hour; a few come
	// from elsewhere, and we want never to be the one who is told.
	createdMinute = 45
	createdHour   = 300

	// GitHub's advice for an answer that does not say how long to wait, doubled
	// each time it comes again.
	waitAtLeast = time.Minute
	waitAtMost  = time.Hour
)

// limits is what is known of an installation's rate limits.
type limits struct {
	installation int64
	write        chan struct{} // holds one value while a write is under way; a mutex that a context can leave

	mu      sync.Mutex
	until   time.Time // no request before
	why     string
	strikes int         // limits in a row that did not say how long to wait
	wrote   time.Time   // when the last write ended
	created []time.Time // of the last hour, the oldest first
}

// limitsOf returns the limits of an installation, always the same ones.
func (a *App) limitsOf(installation int64) *limits {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.limits[installation]
	if l == nil {
		l = &limits{installation: installation, write: make(chan struct{}, 1)}
		a.limits[installation] = l
	}
	return l
}

// refusal is the error of a request before the limit has passed, else nil.
func (l *limits) refusal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.until) {
		return l.limit()
	}
	return nil
}

func (l *limits) limit() error {
	return &LimitError{Installation: l.installation, Until: l.until, Why: l.why}
}

// create counts one more creating request, or says when there may be one again.
func (l *limits) create() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.created = slices.DeleteFunc(l.created, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	for _, budget := range []struct {
		most   int
		window time.Duration
	}{{createdMinute, time.Minute}, {createdHour, time.Hour}} {
		if len(l.created) < budget.most {
			continue
		}
		// As soon as this one leaves the window there is room for another.
		if free := l.created[len(l.created)-budget.most].Add(budget.window); free.After(now) {
			return &LimitError{Installation: l.installation, Until: free,
				Why: fmt.Sprintf("%d creating requests in %s", budget.most, budget.window)}
		}
	}
	l.created = append(l.created, now)
	return nil
}

// learn takes in what an answer says about the limits, and returns the error
// that it means, if any. GitHub says 403 or 429, with or without headers, and
// the words are all that tells a limit from a missing right.
func (l *limits) learn(answer *http.Response, message string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	remaining, reset := answer.Header.Get("X-RateLimit-Remaining"), unix(answer.Header.Get("X-RateLimit-Reset"))
	spent := remaining == "0" && reset.After(now)
	if !limited(answer, message) {
		if answer.StatusCode < 400 {
			l.strikes = 0
		}
		if spent && answer.StatusCode < 400 {
			l.park(reset, "the hour's requests are spent") // from the next one on
		}
		return nil
	}
	switch after := seconds(answer.Header.Get("Retry-After")); {
	case after > 0:
		l.park(now.Add(after), message)
	case spent:
		l.park(reset, message)
	default:
		l.strike(message)
	}
	return l.limit()
}

// park lets no request pass for a while, an hour at most: no limit of GitHub's is longer.
func (l *limits) park(until time.Time, why string) {
	if most := time.Now().Add(waitAtMost); until.After(most) {
		until = most
	}
	l.until, l.why = until, why
}

// strike parks for a limit that does not say how long it lasts.
func (l *limits) strike(why string) {
	wait := min(waitAtLeast<<min(l.strikes, 10), waitAtMost)
	l.strikes++
	l.park(time.Now().Add(wait), why)
}

// spent is the limit that an answer of GraphQL speaks of with status 200; its
// headers have been learnt from already.
func (l *limits) spent(why string) error {
	if err := l.refusal(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strike(why)
	return l.limit()
}

// limited tells whether an answer is about a limit, by its status and words.
func limited(answer *http.Response, message string) bool {
	switch answer.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		words := strings.ToLower(message)
		return answer.Header.Get("Retry-After") != "" || answer.Header.Get("X-RateLimit-Remaining") == "0" ||
			strings.Contains(words, "rate limit") || strings.Contains(words, "abuse detection")
	}
	return false
}

// limitMessage reads what an answer that may be about a limit says, and leaves
// the answer whole.
func limitMessage(answer *http.Response) (string, error) {
	if answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusTooManyRequests {
		return "", nil
	}
	raw, _, err := peek(answer, 64<<10)
	if err != nil {
		return "", err
	}
	var body struct{ Message string }
	if json.Unmarshal(raw, &body) != nil || body.Message == "" {
		return answer.Status, nil // a proxy's page, say
	}
	return body.Message, nil
}

func seconds(header string) time.Duration {
	n, err := strconv.Atoi(header)
	if err != nil || n < 0 {
		return 0 // as good as no header
	}
	return time.Duration(n) * time.Second
}

func unix(header string) time.Time {
	n, err := strconv.ParseInt(header, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
