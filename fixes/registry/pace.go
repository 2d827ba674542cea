package registry

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxAtOnce is how many questions one host answers at once, for all runs.
	maxAtOnce = 4
	// DefaultRate is how many requests a second one host gets: some five images.
	DefaultRate = 25
	// maxRest bounds how long a host can have us stay away, so that one wrong
	// answer does not keep every later run from it.
	maxRest = 15 * time.Minute
)

// A pace holds what one host is asked, with one credential, to what it can take.
type pace struct {
	slots   chan struct{} // one for each question under way
	limiter *rate.Limiter

	mu   sync.Mutex
	rest time.Time // until when the host asked to be left alone
}

// A restError is a host that asked to be left alone for longer than a question
// may take.
type restError struct{ Until time.Time }

func (e *restError) Error() string {
	return fmt.Sprintf("it may be asked again in %s", max(time.Until(e.Until), 0).Round(time.Second))
}

// begin waits for a question's turn; the caller calls end once it is answered.
func (p *pace) begin(ctx context.Context) (end func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait waits for a request's turn. It is a [restError] where the host rests for
// longer than ctx lasts.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	rest := p.rest
	p.mu.Unlock()
	deadline, bounded := ctx.Deadline()
	if bounded && rest.After(deadline) {
		return &restError{rest}
	}
	if pause := time.Until(rest); pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := p.limiter.Wait(ctx); err != nil && ctx.Err() == nil {
		return &restError{deadline} // its turn comes after the question's time
	} else if err != nil {
		return err
	}
	return nil
}

// heed lets the host rest as long as its answer says.
func (p *pace) heed(response *http.Response) {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable {
		return
	}
	pause, ok := retryAfter(response.Header.Get("Retry-After"), time.Now())
	if !ok {
		return
	}
	until := time.Now().Add(min(pause, maxRest))
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.rest) {
		p.rest = until
	}
}

// resting is until when the host asked to be left alone, as of its last answer.
func (p *pace) resting() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rest
}

// retryAfter reads the header, which is a number of seconds or a date.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return min(time.Duration(seconds), maxRest/time.Second) * time.Second, true
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
