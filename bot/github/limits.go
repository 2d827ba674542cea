package github

import (
	"context"
	"encoding/json"
	"errors"
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

	tries   = 3           // of a reading request that meets a fault
	trying  = time.Second // is how long they take together
	tryWait = 100 * time.Millisecond
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
		return &LimitError{Installation: l.installation, Until: l.until, Why: l.why}
	}
	return nil
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
			l.until, l.why = earliest(reset, now.Add(waitAtMost)), "the hour's requests are spent"
		}
		return nil
	}
	l.why = message
	switch after := seconds(answer.Header.Get("Retry-After")); {
	case after > 0:
		l.until = earliest(now.Add(after), now.Add(waitAtMost))
	case spent:
		l.until = earliest(reset, now.Add(waitAtMost))
	default:
		l.until = now.Add(min(waitAtLeast<<min(l.strikes, 10), waitAtMost))
		l.strikes++
	}
	return &LimitError{Installation: l.installation, Until: l.until, Why: l.why}
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

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// A limiter keeps the requests of an installation within GitHub's limits. It
// waits for the pace of writes alone; at a limit it returns [*LimitError], and
// refuses further requests until then without sending them.
type limiter struct {
	limits   *limits
	interval time.Duration // between two writes
	next     http.RoundTripper
}

func (l *limiter) RoundTrip(req *http.Request) (*http.Response, error) {
	op := operationOf(req)
	if op.write {
		done, err := l.turn(req.Context())
		if err != nil {
			return nil, closing(req, err)
		}
		defer done()
	}
	if err := l.limits.refusal(); err != nil {
		return nil, closing(req, err)
	}
	if op.creates {
		if err := l.limits.create(); err != nil {
			return nil, closing(req, err)
		}
	}
	answer, err := l.send(req, op)
	if err != nil {
		return nil, err
	}
	message, err := limitMessage(answer)
	if err != nil {
		return nil, err
	}
	if err := l.limits.learn(answer, message); err != nil {
		return nil, errors.Join(err, answer.Body.Close())
	}
	return answer, nil
}

// turn waits until nobody of this installation writes and the interval since
// the last write has passed; done ends the turn.
func (l *limiter) turn(ctx context.Context) (done func(), err error) {
	select {
	case l.limits.write <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.limits.mu.Lock()
	wait := time.Until(l.limits.wrote.Add(l.interval))
	l.limits.mu.Unlock()
	if err := pause(ctx, wait); err != nil {
		<-l.limits.write
		return nil, err
	}
	return func() {
		l.limits.mu.Lock()
		l.limits.wrote = time.Now()
		l.limits.mu.Unlock()
		<-l.limits.write
	}, nil
}

// send sends a request, a reading one up to [tries] times.
func (l *limiter) send(req *http.Request, op operation) (*http.Response, error) {
	began := time.Now()
	for try := 1; ; try++ {
		answer, err := l.next.RoundTrip(req)
		fault := err != nil || answer.StatusCode >= 500
		wait := tryWait << try
		if !fault || op.write || try == tries || time.Since(began)+wait > trying || req.Context().Err() != nil {
			return answer, err
		}
		again, ok := replay(req)
		if !ok {
			return answer, err
		}
		if err == nil {
			if err := answer.Body.Close(); err != nil {
				return nil, fmt.Errorf("closing an answer %d: %w", answer.StatusCode, err)
			}
		}
		if err := pause(req.Context(), wait); err != nil {
			return nil, err
		}
		req = again
	}
}

// pause waits, or returns the error of a context that ends before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
