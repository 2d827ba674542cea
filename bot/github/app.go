package github

import (
	"context"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	gh "github.com/google/go-github/v60/github"
)

// DefaultBaseURL is the REST API of github.com.
const DefaultBaseURL = "https://api.github.com"

// Options are what an App needs to know of itself and of GitHub.
type Options struct {
	AppID      int64
	PrivateKey []byte // PEM, PKCS #1 or #8
	// BaseURL is where the REST API is; "" is [DefaultBaseURL]. An Enterprise
	// server's ends in /api/v3.
	BaseURL string
	// ReadOnly blocks every request that would change something; the call
	// returns [ErrReadOnly]. Tokens are still minted, with reading rights only.
	ReadOnly bool
	// Audit is told of every write, sent or refused; nil logs to [slog.Default].
	// It is called from several goroutines.
	Audit func(AuditLine)
	// Transport sends the requests; nil is one with timeouts.
	Transport http.RoundTripper
	// WriteInterval is the least time between two writes of an installation; 0
	// is GitHub's advice of 1 s, negative is none.
	WriteInterval time.Duration
}

// An App is Kustodian as GitHub knows it. It is safe for concurrent use.
type App struct {
	id       int64
	key      *rsa.PrivateKey
	base     *url.URL // ends in a slash
	graphql  *url.URL
	readOnly bool
	audit    func(AuditLine)
	wire     http.RoundTripper
	interval time.Duration
	cache    *cache
	client   *gh.Client // as the App itself

	mu     sync.Mutex
	login  string
	limits map[int64]*limits // by installation; 0 is the App itself
	tokens map[grant]*token
}

// Open makes the App. It dials nothing; a key or URL that cannot be read is an error.
func Open(options Options) (*App, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(options.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("reading the App's private key: %w", err)
	}
	base, graphql, err := endpoints(options.BaseURL)
	if err != nil {
		return nil, err
	}
	a := &App{
		id: options.AppID, key: key, base: base, graphql: graphql, readOnly: options.ReadOnly,
		audit: options.Audit, wire: options.Transport, interval: options.WriteInterval,
		cache: newCache(cacheBytes), limits: map[int64]*limits{}, tokens: map[grant]*token{},
	}
	if a.audit == nil {
		a.audit = func(line AuditLine) { slog.Default().Info("write", "audit", line) }
	}
	if a.wire == nil {
		a.wire = wire()
	}
	if a.interval == 0 {
		a.interval = time.Second
	}
	a.client = a.newClient(&guard{app: a, next: a.appTransport()})
	return a, nil
}

// endpoints returns where the REST and the GraphQL API are. Enterprise servers
// have them side by side below /api, all others have GraphQL below REST.
func endpoints(base string) (rest, graphql *url.URL, err error) {
	if base == "" {
		base = DefaultBaseURL
	}
	rest, err = url.Parse(strings.TrimRight(base, "/") + "/")
	if err != nil {
		return nil, nil, fmt.Errorf("reading the URL of GitHub's API: %w", err)
	}
	if rest.Host == "" || rest.Scheme != "https" && rest.Scheme != "http" {
		return nil, nil, fmt.Errorf("reading the URL of GitHub's API: %q is not an http or https URL", base)
	}
	graphql = rest.JoinPath("graphql")
	if strings.HasSuffix(rest.Path, "/api/v3/") {
		graphql = rest.JoinPath("..", "graphql")
	}
	return rest, graphql, nil
}

// wire is a transport that gives up on each step in time: GitHub itself
// ends a request after 10 s.
func wire() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 5 * time.Second
	t.ResponseHeaderTimeout = 15 * time.Second
	t.MaxIdleConnsPerHost = 10
	return t
}

// newClient returns a go-github client that sends through a transport. A write
// is never redirected, since the guard looked at where it first went; the
// credential sees to it that no token leaves for another host.
func (a *App) newClient(transport http.RoundTripper) *gh.Client {
	client := gh.NewClient(&http.Client{
		Transport: transport,
		Timeout:   2 * time.Minute, // with the wait for other writes; the wire gives up earlier
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 || via[0].Method != http.MethodGet {
				return http.ErrUseLastResponse
			}
			return nil
		},
	})
	client.BaseURL = a.base
	client.UserAgent = "kustodian"
	return client
}

// appTransport signs requests as the App itself, which lists installations and mints tokens.
func (a *App) appTransport() *ghinstallation.AppsTransport {
	limited := &limiter{limits: a.limitsOf(0), interval: a.interval, next: a.wire}
	return ghinstallation.NewAppsTransportFromPrivateKey(sameHost{base: a.base, next: limited}, a.id, a.key)
}

// Login returns the name that GitHub gives the author of what the App writes,
// such as "kustodian[bot]".
func (a *App) Login(ctx context.Context) (string, error) {
	a.mu.Lock()
	login := a.login
	a.mu.Unlock()
	if login != "" {
		return login, nil
	}
	app, _, err := a.client.Apps.Get(ctx, "")
	if err != nil {
		return "", failed("reading the App", err)
	}
	login = app.GetSlug() + "[bot]"
	a.mu.Lock()
	defer a.mu.Unlock()
	a.login = login
	return login, nil
}

// Repository returns a repository of an installation. It sends nothing.
func (a *App) Repository(installation int64, owner, name string) *Repository {
	r := &Repository{app: a, installation: installation, owner: owner, name: name}
	for l := range levels {
		r.clients[l] = a.grantClient(grant{installation, owner, name, level(l)})
	}
	return r
}

// grantClient returns a client that sends everything with the token of one grant.
func (a *App) grantClient(g grant) *gh.Client {
	var t http.RoundTripper = &limiter{limits: a.limitsOf(g.installation), interval: a.interval, next: a.wire}
	t = &conditional{cache: a.cache, installation: g.installation, next: t}
	t = &credential{token: a.tokenOf(g), base: a.base, next: t}
	return a.newClient(&guard{app: a, grant: g, next: t})
}
