package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	tries   = 3           // of a reading request that meets a fault
	trying  = time.Second // is how long they may take together
	tryWait = 100 * time.Millisecond
)

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
	// go-github keeps count too, by client and without a word of the
	// installation. One count is enough.
	answer.Header.Del("X-RateLimit-Reset")
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
