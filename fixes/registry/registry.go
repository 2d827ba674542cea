// Package registry turns an image's tag into the digest that it names today.
//
// What is asked comes from a stranger's repository, so a [Resolver] asks the
// listed hosts only, never follows a name to an address inside the operator's
// network unless that host is listed, and never waits longer than its timeout.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// PublicHosts are the public registries, for [Resolver].Hosts.
var PublicHosts = []string{
	"docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.gitlab.com", "registry.k8s.io",
}

// DefaultTimeout bounds one question. A registry answers in well under a
// second; token exchange, HEAD and GET from afar need a few.
const DefaultTimeout = 10 * time.Second

// A Resolver answers which digest a tag names today. It remembers what it was
// told, so it lives as long as one job: a later job must see a moved tag. Its
// methods may be called at once from several goroutines; its fields do not
// change after the first call.
type Resolver struct {
	// Hosts are the registries that may be asked, such as "docker.io" or
	// "registry.example.com:5000"; empty asks none. A listed name may lead to a
	// private address; to the machine itself only a listed "localhost" or
	// loopback address does.
	Hosts []string
	// Mirrors says which listed host is asked in place of another, by the other's
	// name, such as a pull-through cache in place of "docker.io".
	Mirrors map[string]string
	// Credentials are used for their host where an anonymous question is refused.
	Credentials map[string]Credentials
	// Timeout bounds one question; 0 means [DefaultTimeout].
	Timeout time.Duration
	// PlainHTTP lets listed loopback hosts speak http instead of https.
	PlainHTTP bool

	once   sync.Once
	client http.RoundTripper

	mu      sync.Mutex
	answers map[string]answer
	gone    map[string]error // hosts that answer nobody now: asked once
}

// Credentials are a user name and a password or token.
type Credentials struct {
	Username, Password string
}

type answer struct {
	digest string
	err    error
}

// Digest returns the digest, such as "sha256:…", that the image's tag names:
// that of the index where the tag is one, so that every platform finds its own.
// The error is a sentence for whoever wrote the image.
func (r *Resolver) Digest(ctx context.Context, image string) (string, error) {
	reference, err := name.ParseReference(image, name.WeakValidation)
	if err != nil {
		return "", fmt.Errorf("image %q is not a reference that a registry knows: %w", image, err)
	}
	if pinned, ok := reference.(name.Digest); ok {
		return pinned.DigestStr(), nil
	}
	host := hostOf(reference)
	if !slices.Contains(r.Hosts, host) {
		return "", fmt.Errorf("registry %s is not among the registries that may be asked", host)
	}
	key := reference.Name()
	if known, ok := r.recall(key, host); ok {
		return known.digest, known.err
	}

	if mirror, ok := r.Mirrors[host]; ok {
		if reference, err = mirrored(reference, mirror); err != nil {
			return "", fmt.Errorf("image %q on mirror %s: %w", image, mirror, err)
		}
		host = mirror
	}
	timeout := r.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	digest, err := r.ask(asking, reference, host)
	if ctx.Err() != nil {
		return "", fmt.Errorf("asking registry %s for %s: %w", host, image, ctx.Err())
	}
	var status *transport.Error
	switch {
	case err == nil:
	case errors.Is(asking.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("registry %s did not answer within %s", host, timeout)
		r.giveUp(host, err)
	case errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests:
		err = fmt.Errorf("registry %s limits how often it is asked (429); the next run asks again", host)
		r.giveUp(host, err)
	default:
		err = explain(err, image, host)
	}
	r.remember(key, answer{digest, err})
	return digest, err
}

// hostOf is the registry as people write it: Docker Hub's own name for itself
// is seen in no image.
func hostOf(reference name.Reference) string {
	host := reference.Context().RegistryStr()
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}

// mirrored is the same image on another host.
func mirrored(reference name.Reference, host string) (name.Reference, error) {
	return name.ParseReference(host+"/"+reference.Context().RepositoryStr()+":"+reference.Identifier(), name.WeakValidation)
}

// ask asks without credentials first: most images are public, and a
// repository must not learn by its images what the operator may read
// elsewhere unless it has to.
func (r *Resolver) ask(ctx context.Context, reference name.Reference, host string) (string, error) {
	digest, err := r.askAs(ctx, reference, authn.Anonymous)
	credentials, ok := r.Credentials[host]
	var status *transport.Error
	if err == nil || !ok || !errors.As(err, &status) {
		return digest, err
	}
	switch status.StatusCode {
	// Some registries hide what is private as 404; the anonymous limit is lower.
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		return r.askAs(ctx, reference, &authn.Basic{Username: credentials.Username, Password: credentials.Password})
	}
	return "", err
}

// askAs asks by HEAD, which registries do not count as a pull, then by GET
// for those that answer HEAD without a digest.
func (r *Resolver) askAs(ctx context.Context, reference name.Reference, as authn.Authenticator) (string, error) {
	r.once.Do(func() { r.client = &guard{hosts: r.Hosts, plainHTTP: r.PlainHTTP, dials: newTransport(r.Hosts)} })
	puller, err := remote.NewPuller(
		remote.WithContext(ctx),
		remote.WithAuth(as),
		remote.WithTransport(r.client),
		// A registry in trouble is asked again by the next job, not by this one.
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryStatusCodes(),
	)
	if err != nil {
		return "", fmt.Errorf("asking for %s: %w", reference.Name(), err)
	}
	if head, err := puller.Head(ctx, reference); err == nil {
		return acceptable(head.Digest.String(), head.MediaType)
	} else if status := (*transport.Error)(nil); errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests {
		return "", err
	}
	get, err := puller.Get(ctx, reference)
	if err != nil {
		return "", err
	}
	return acceptable(get.Digest.String(), get.MediaType)
}

// acceptable refuses what no cluster can run by digest: the digest of a
// manifest of schema 1 depends on its signature.
func acceptable(digest string, kind types.MediaType) (string, error) {
	if kind.IsIndex() || kind.IsImage() {
		return digest, nil
	}
	return "", fmt.Errorf("what the tag names is no image or index but %q", kind)
}

// explain words what went wrong for whoever wrote the image.
func explain(err error, image, host string) error {
	var status *transport.Error
	if errors.As(err, &status) {
		switch status.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("registry %s does not let Kustodian read %s (%d); it needs credentials for that host", host, image, status.StatusCode)
		case http.StatusNotFound:
			return fmt.Errorf("registry %s has no %s (404)", host, image)
		default:
			return fmt.Errorf("registry %s answered %d for %s", host, status.StatusCode, image)
		}
	}
	return fmt.Errorf("registry %s gave no digest for %s: %w", host, image, err)
}

func (r *Resolver) recall(key, host string) (answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.answers[key]; ok {
		return known, true
	}
	err, ok := r.gone[host]
	return answer{err: err}, ok
}

func (r *Resolver) remember(key string, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = map[string]answer{}
	}
	r.answers[key] = a
}

// giveUp keeps one dead registry from costing the timeout once for each image.
func (r *Resolver) giveUp(host string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone == nil {
		r.gone = map[string]error{}
	}
	r.gone[host] = err
}
