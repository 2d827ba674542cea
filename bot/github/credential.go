package github

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// A credential puts the token of a grant on every request. After a 401 it mints
// another and sends the request once more: what was not authorised was not done.
type credential struct {
	token *token
	base  *url.URL
	next  http.RoundTripper
}

func (c *credential) RoundTrip(req *http.Request) (*http.Response, error) {
	next := sameHost{base: c.base, next: c.next}
	value, err := c.token.get(req.Context())
	if err != nil {
		return nil, closing(req, err)
	}
	answer, err := next.RoundTrip(withToken(req, value))
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	again, ok := replay(req)
	if !ok {
		return answer, nil
	}
	if err := answer.Body.Close(); err != nil {
		return nil, fmt.Errorf("closing the answer to a refused token: %w", err)
	}
	c.token.drop(value)
	if value, err = c.token.get(req.Context()); err != nil {
		return nil, err
	}
	return next.RoundTrip(withToken(again, value))
}

func withToken(req *http.Request, value string) *http.Request {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "token "+value)
	return req
}

// replay returns the request with its body from the beginning, false where that cannot be had.
func replay(req *http.Request) (*http.Request, bool) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again.Body = body
	return again, true
}

// closing closes the body of a request that is not sent, as every RoundTripper has to.
func closing(req *http.Request, err error) error {
	if req.Body != nil {
		return errors.Join(err, req.Body.Close())
	}
	return err
}

// sameHost keeps what carries a credential from leaving for another host, such
// as one that an answer redirects to.
type sameHost struct {
	base *url.URL
	next http.RoundTripper
}

func (s sameHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != s.base.Scheme || req.URL.Host != s.base.Host {
		return nil, closing(req, fmt.Errorf("%s://%s: %w", req.URL.Scheme, req.URL.Host, ErrRefused))
	}
	return s.next.RoundTrip(req)
}
