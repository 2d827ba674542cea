// Package registry turns an image's tag into the digest that it names today.
//
// What is asked comes from a stranger's repository, so a [Client] asks the
// listed hosts only, never follows a name to an address inside the operator's
// network unless that host is listed, believes no answer that its bytes do not
// bear out, and never waits longer than its timeout. A credential is used for
// whom the operator gave it, and for nobody else.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/singleflight"
)

// PublicHosts are the public registries, for [Client].Hosts.
var PublicHosts = []string{
	"docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.gitlab.com", "registry.k8s.io",
}

// DefaultTimeout bounds one question. A registry answers in well under a
// second; a token, HEAD, GET and what describes the image need a few from afar.
const DefaultTimeout = 10 * time.Second

// maxQuestions bounds how many images one run asks for: at five requests each
// and DefaultRate, that is seven minutes of one registry.
const maxQuestions = 2000

// maxSlow is how many answers of one host may take more than half their time:
// maxQuestions of them would keep a run for an hour.
const maxSlow = 5

// A Client asks registries for every run of a process. Its methods may be
// called at once from several goroutines; its fields do not change after the
// first call.
type Client struct {
	// Hosts are the registries that may be asked, such as "docker.io" or
	// "registry.example.com:5000"; empty asks none. A listed name may lead to a
	// private address; to the machine itself only a listed "localhost" or
	// loopback address does.
	Hosts []string
	// Mirrors are asked in place of another registry; their hosts need not be in Hosts.
	Mirrors []Mirror
	// Bindings say whose questions are asked with which credential; the first
	// that matches counts. Without one a question is anonymous.
	Bindings []Binding
	// OwnLogin uses what docker login left on this machine, for the hosts that it
	// is of, which are as good as in Hosts. It is for the shell, where who asks is
	// who logged in.
	OwnLogin bool
	// Timeout bounds one question; 0 means [DefaultTimeout].
	Timeout time.Duration
	// Rate is how many requests a second one host gets; 0 means [DefaultRate].
	Rate float64
	// PlainHTTP lets listed loopback hosts speak http instead of https.
	PlainHTTP bool

	once   sync.Once
	dials  http.RoundTripper
	recent recent
	amazon amazonLogin
	google googleLogin

	mu     sync.Mutex
	paces  map[paceKey]*pace
	logged []string // hosts where OwnLogin has a login
}

// An Asker is whose run it is. The zero value is nobody in particular, such as
// the user of a shell.
type Asker struct {
	Installation int64 // of the App
	// Anonymous keeps every credential back, as for a pull request from a fork:
	// what it names is a stranger's choice.
	Anonymous bool
	// Mirrors are those that the organisation of the run names, beside the
	// operator's. Only listed hosts are asked, and none is trusted.
	Mirrors []Mirror
}

// An Image is what a registry says of an image.
type Image struct {
	// Digest is that of the index where the tag is one, such as "sha256:…", so
	// that every platform finds its own.
	Digest string
	// Platforms are those that it runs on, such as "linux/amd64", as far as it says so.
	Platforms []string
	// Size is how many bytes its first platform's layers have as they are
	// pulled; 0 where that is not known.
	Size int64
	// Created is when it was made; zero where it does not say.
	Created time.Time
	// Version and Revision are what its labels say of its source; "" for nothing.
	Version, Revision string
}

// A Resolver answers the questions of one run, the same question always the
// same. Its methods may be called at once from several goroutines.
type Resolver struct {
	client *Client
	asker  Asker

	flight singleflight.Group
	mu     sync.Mutex
	known  map[question]answer
	gone   map[paceKey]error // who does not answer now: asked once
	slow   map[paceKey]int   // slow answers
}

type question struct{ image, mirror string }

type answer struct {
	image Image
	err   error
}

// For is a resolver for one run. A later run needs its own: it must see a
// moved tag.
func (c *Client) For(asker Asker) *Resolver {
	return &Resolver{client: c, asker: asker, known: map[question]answer{}, gone: map[paceKey]error{}, slow: map[paceKey]int{}}
}

// Resolve says what the image's tag names today, or what has its digest. mirror
// is the name of the mirror that the repository wants asked, "" for none. The
// error is a sentence for whoever wrote the image.
func (r *Resolver) Resolve(ctx context.Context, image, mirror string) (Image, error) {
	q := question{image, mirror}
	said, err, _ := r.flight.Do(image+" "+mirror, func() (any, error) {
		r.mu.Lock()
		known, ok := r.known[q]
		asked := len(r.known)
		r.mu.Unlock()
		if ok {
			return known.image, known.err
		}
		if asked >= maxQuestions {
			return Image{}, fmt.Errorf("one run asks for %d images at most", maxQuestions)
		}
		image, err := r.resolve(ctx, image, mirror)
		if ctx.Err() == nil {
			r.mu.Lock()
			r.known[q] = answer{image, err}
			r.mu.Unlock()
		}
		return image, err
	})
	return said.(Image), err
}

func (r *Resolver) resolve(ctx context.Context, image, mirror string) (Image, error) {
	reference, err := name.ParseReference(image, name.WeakValidation)
	if err != nil {
		return Image{}, fmt.Errorf("image %q is not a reference that a registry knows: %w", image, err)
	}
	if m, origin, err := r.mirrorOf(reference, mirror); err != nil {
		return Image{}, err
	} else if m != nil {
		return r.viaMirror(ctx, image, *m, origin)
	}
	return r.ask(ctx, image, reference)
}

// ask asks the reference's own host.
func (r *Resolver) ask(ctx context.Context, image string, reference name.Reference) (Image, error) {
	host := hostOf(reference)
	if !slices.Contains(r.client.listed(), host) && !r.client.loggedIn(ctx, r.asker, reference) {
		return Image{}, fmt.Errorf("registry %s is not among the registries that may be asked", host)
	}
	as := r.client.binding(r.asker, reference)
	who := paceKey{host, as}
	r.mu.Lock()
	err := r.gone[who]
	r.mu.Unlock()
	if err != nil {
		return Image{}, err
	}
	said, took, err := r.client.look(ctx, reference, host, as)
	if took > r.client.timeout()/2 {
		r.tooSlow(who)
	}
	if err == nil || ctx.Err() != nil {
		return said, err
	}
	sentence, gone := explain(err, image, host, r.client.timeout())
	if gone {
		r.mu.Lock()
		r.gone[who] = sentence
		r.mu.Unlock()
	}
	return Image{}, sentence
}

// tooSlow counts a slow answer of a host, which is not asked again in the same
// run once there are too many.
func (r *Resolver) tooSlow(who paceKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slow[who]++; r.slow[who] == maxSlow {
		r.gone[who] = fmt.Errorf("registry %s takes too long to answer; the next run asks again", who.host)
	}
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

// explain words what went wrong for whoever wrote the image, and reports
// whether the host is not to be asked again in the same run.
func explain(err error, image, host string, timeout time.Duration) (sentence error, gone bool) {
	var status *transport.Error
	var refused *refusal
	var rest *restError
	var login *loginError
	var asked *url.Error
	switch {
	case errors.As(err, &login):
		return fmt.Errorf("registry %s is not asked: %w", host, login), true
	case errors.As(err, &rest):
		return fmt.Errorf("registry %s asks not to be asked so often; %w", host, rest), true
	case errors.As(err, &refused):
		return fmt.Errorf("registry %s gave no digest for %s: %s", host, image, firstWords(refused.Error())), false
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("registry %s did not answer within %s", host, timeout), true
	case !errors.As(err, &status):
		if errors.As(err, &asked) {
			err = asked.Err // its address may be a signed one
		}
		return fmt.Errorf("registry %s gave no digest for %s: %s", host, image, firstWords(err.Error())), false
	}
	switch status.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("registry %s does not let Kustodian read %s (%d); it needs credentials for that host", host, image, status.StatusCode), false
	case http.StatusNotFound:
		return fmt.Errorf("registry %s has no %s (404)", host, image), false
	case http.StatusTooManyRequests:
		return fmt.Errorf("registry %s limits how often it is asked (429); the next run asks again", host), true
	}
	return fmt.Errorf("registry %s answered %d for %s", host, status.StatusCode, image), false
}

// firstWords is what a sentence has room for of a text that others may have
// chosen. A token's answer would follow in the next line.
func firstWords(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	const most = 300
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func (c *Client) timeout() time.Duration {
	if c.Timeout == 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

// listed are the hosts that may be asked, mirrors among them.
func (c *Client) listed() []string {
	c.mu.Lock()
	hosts := slices.Concat(c.Hosts, c.logged)
	c.mu.Unlock()
	for _, m := range c.Mirrors {
		hosts = append(hosts, m.host())
	}
	return hosts
}

func (c *Client) transport() http.RoundTripper {
	c.once.Do(func() { c.dials = newTransport(c.listed) })
	return c.dials
}

// IsPlace reports whether text is a registry or a part of one, as images name
// it: a host, and folders if need be.
func IsPlace(text string) bool {
	host, folder, parted := strings.Cut(text, "/")
	if !parted {
		return IsHost(host)
	}
	_, err := name.NewRepository(host+"/"+strings.TrimSuffix(folder, "/"), name.StrictValidation)
	return err == nil && IsHost(host)
}

// IsHost reports whether text is a registry as images name it: a host, with a
// port if need be, and nothing else.
func IsHost(text string) bool {
	_, err := name.NewRegistry(text, name.StrictValidation)
	return err == nil && !strings.ContainsAny(text, "*?/@ ") && !strings.HasSuffix(text, ":")
}
