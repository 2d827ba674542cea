package registry

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// Where a [Binding] has its credential from, in From.
const (
	// FromDocker is the server's docker configuration: what docker login left
	// there, or the credential helper that it names for the host, as that of
	// Azure is.
	FromDocker = "docker"
	// FromAmazon is what Amazon gives to whom its credential of the environment names.
	FromAmazon = "amazon"
	// FromGoogle is Google's default credential of the environment.
	FromGoogle = "google"
)

// A Binding lets the runs of one installation read a part of a registry with a
// credential of the operator's.
type Binding struct {
	Installation int64
	// Host is the registry, as in [Client].Hosts; Prefix the folder of its
	// repositories, such as "acme" or "acme/shop", "" for all.
	Host, Prefix string
	// From is FromDocker, FromAmazon or FromGoogle; "" takes Username and Password.
	From               string
	Username, Password string
}

// ownLogin is what [Client].OwnLogin reads with.
var ownLogin = &Binding{From: FromDocker}

// binding is what the asker may read a reference with, nil for nothing.
func (c *Client) binding(asker Asker, reference name.Reference) *Binding {
	if asker.Anonymous {
		return nil
	}
	for i, b := range c.Bindings {
		place := b.Host
		if b.Prefix != "" {
			place += "/" + strings.Trim(b.Prefix, "/")
		}
		_, ok := below(reference, place)
		if b.Installation == asker.Installation && (ok || hostOf(reference)+"/"+reference.Context().RepositoryStr() == place) {
			return &c.Bindings[i]
		}
	}
	if c.OwnLogin {
		return ownLogin
	}
	return nil
}

// loggedIn reports whether whoever asks has logged in where a reference is,
// and lists its host if so.
func (c *Client) loggedIn(ctx context.Context, asker Asker, reference name.Reference) bool {
	if c.binding(asker, reference) != ownLogin {
		return false
	}
	if found, err := authn.Resolve(ctx, authn.DefaultKeychain, reference.Context()); err != nil || found == authn.Anonymous {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logged = append(c.logged, hostOf(reference))
	return true
}

// login is how a binding logs in. A credential that cannot be had is no reason
// to ask anonymously: the answer would be another.
func (c *Client) login(ctx context.Context, reference name.Reference, as *Binding) (authn.Authenticator, error) {
	if as == nil {
		return authn.Anonymous, nil
	}
	var found authn.Authenticator
	var err error
	switch as.From {
	case FromDocker:
		found, err = authn.Resolve(ctx, authn.DefaultKeychain, reference.Context())
	case FromAmazon:
		found, err = c.amazon.get(ctx, as.Host)
	case FromGoogle:
		found, err = c.google.get(ctx, as.Host)
	default:
		return &authn.Basic{Username: as.Username, Password: as.Password}, nil
	}
	switch {
	case err == nil && found != authn.Anonymous:
		return found, nil
	case as == ownLogin: // most images are anybody's, and of the others the registry tells
		return authn.Anonymous, nil
	}
	// The text of err may be a helper's output, which may hold anything.
	return nil, &loginError{as}
}

// A loginError is a credential of the operator's that could not be had.
type loginError struct{ of *Binding }

func (e *loginError) Error() string {
	return fmt.Sprintf("the operator's %s credential for %s could not be had", e.of.From, e.of.Host)
}

// IsGoogle reports whether a host is a registry of Google's, which alone gets
// what FromGoogle finds.
func IsGoogle(host string) bool {
	return host == "gcr.io" || strings.HasSuffix(host, ".gcr.io") || strings.HasSuffix(host, ".pkg.dev")
}

// A googleLogin is Google's credential of the environment, once it was found;
// it renews itself.
type googleLogin struct {
	mu    sync.Mutex
	found authn.Authenticator
}

func (g *googleLogin) get(ctx context.Context, host string) (authn.Authenticator, error) {
	if !IsGoogle(host) {
		return nil, fmt.Errorf("%s is no registry of Google's", host)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.found != nil {
		return g.found, nil
	}
	// What is found renews itself after the question that found it.
	found, err := google.NewEnvAuthenticator(context.WithoutCancel(ctx))
	if err == nil {
		g.found = found
	}
	return found, err
}
