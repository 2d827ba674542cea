package registry

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"
)

const (
	// maxAnswer bounds what is read of one answer: registries refuse manifests
	// over 4 MiB themselves.
	maxAnswer = 4 << 20
	// maxRequests bounds what one question may lead to: finding out how to log
	// in, a token, and some of HEAD, index, image and configuration are 7, with
	// a redirect each 12.
	maxRequests = 20
	// maxRedirects bounds a chain: a registry's own storage is one away.
	maxRedirects = 5
)

// A refusal is why a request was not made, or its answer not believed, in
// words for whoever wrote the image.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

// A guard makes the requests of one question. It refuses what a registry, or
// whoever answers for it, could lead us to: plain http off the machine,
// credentials carried to another site, answers without end.
type guard struct {
	client *Client
	host   string // the registry that is asked
	pace   *pace

	mu       sync.Mutex
	requests int
	said     string // the digest that the last manifest's header says
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := g.allows(request); err != nil {
		return nil, err
	}
	if err := g.pace.wait(request.Context()); err != nil {
		return nil, err
	}
	response, err := g.client.transport().RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if request.URL.Host == g.host {
		g.pace.heed(response)
	}
	if strings.Contains(request.URL.Path, "/manifests/") {
		g.mu.Lock()
		g.said = response.Header.Get("Docker-Content-Digest")
		g.mu.Unlock()
	}
	tooLarge := &refusal{fmt.Sprintf("%s answers with more than %d MiB", request.URL.Host, maxAnswer>>20)}
	if response.ContentLength > maxAnswer {
		response.Body.Close()
		return nil, tooLarge
	}
	response.Body = &bounded{ReadCloser: response.Body, left: maxAnswer, tooLarge: tooLarge}
	return response, nil
}

// allows returns a refusal of a request that is not made.
func (g *guard) allows(request *http.Request) error {
	g.mu.Lock()
	g.requests++
	spent := g.requests > maxRequests
	g.mu.Unlock()
	to := request.URL
	switch {
	case spent:
		return &refusal{fmt.Sprintf("%s takes more than %d requests to answer", g.host, maxRequests)}
	case to.Scheme != "https" && !(g.client.PlainHTTP && slices.Contains(g.client.listed(), to.Host) && isLoopback(to.Hostname())):
		return &refusal{fmt.Sprintf("%s is not asked over plain %s", to.Host, to.Scheme)}
	case redirects(request) > maxRedirects:
		return &refusal{fmt.Sprintf("%s redirects more than %d times", g.host, maxRedirects)}
	}
	if !carriesCredentials(request) {
		return nil
	}
	// http.Client sets Response on a request that a redirect caused.
	if from := request.Response; from != nil && from.Request != nil && from.Request.URL.Host != to.Host {
		return &refusal{fmt.Sprintf("%s redirects to %s, which is not given its credentials", from.Request.URL.Host, to.Host)}
	}
	if !g.mayLogIn(request) {
		return &refusal{fmt.Sprintf("%s sends for a token to %s, which is not given its credentials: it is of another site, and not listed", g.host, to.Host)}
	}
	return nil
}

// mayLogIn reports whether the host of a request may be given the credentials
// of the registry: the registry itself, who is listed, and their own site, as
// auth.docker.io is of docker.io.
func (g *guard) mayLogIn(request *http.Request) bool {
	to := request.URL
	if to.Host == g.host || slices.Contains(g.client.listed(), to.Host) {
		return true
	}
	registry, _, _ := strings.Cut(g.host, ":")
	site, err := publicsuffix.EffectiveTLDPlusOne(registry)
	if err != nil {
		return false // an address, or a name of one part
	}
	other, err := publicsuffix.EffectiveTLDPlusOne(to.Hostname())
	return err == nil && site == other
}

// carriesCredentials also takes a request with a body for one that does: the
// only one is that for a token.
func carriesCredentials(request *http.Request) bool {
	return request.Header.Get("Authorization") != "" || request.Header.Get("Cookie") != "" || request.URL.User != nil || request.Method == http.MethodPost
}

// redirects is how many redirects led to a request.
func redirects(request *http.Request) int {
	n := 0
	for from := request.Response; from != nil && from.Request != nil && n <= maxRedirects; from = from.Request.Response {
		n++
	}
	return n
}

// A bounded body fails where it is too large: cut off, it would have a digest
// of its own.
type bounded struct {
	io.ReadCloser
	left     int
	tooLarge error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, b.tooLarge
	}
	return n, err
}
