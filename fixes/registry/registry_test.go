package registry

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// serve starts a real registry behind in, and returns its host.
func serve(t *testing.T, in func(http.Handler) http.Handler) string {
	t.Helper()
	s := httptest.NewServer(in(server.New(server.Logger(log.New(io.Discard, "", 0)))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// status answers every question about a manifest with code.
func status(code int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.WriteHeader(code)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// private lets only ann in.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "open" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestDigest(t *testing.T) {
	public := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("credentials of another host arrived")
			}
			next.ServeHTTP(w, r)
		})
	})
	image, index := push(t, public)
	behind := serve(t, func(next http.Handler) http.Handler { return private(redirect(public)(next)) })
	tests := []struct {
		name  string
		host  string
		image string // after the host
		edit  func(*Resolver)
		want  string
		fails string
	}{
		{name: "image", host: public, image: "/app:1", want: image},
		{name: "index, not one of its images", host: public, image: "/many:1", want: index},
		{name: "already a digest", host: public, image: "/app:1@" + image, want: image},
		{name: "no tag is latest, which is not there", host: public, image: "/app", fails: `^registry 127.0.0.1:\d+ has no 127.0.0.1:\d+/app \(404\)$`},
		{name: "not there", host: public, image: "/gone:1", fails: `has no .*/gone:1 \(404\)`},
		{name: "no reference", host: public, image: "/UPPER:1", fails: `is not a reference`},
		{name: "host not listed", host: public, image: "/app:1", edit: func(r *Resolver) { r.Hosts = []string{"docker.io"} }, fails: `is not among the registries that may be asked`},
		{name: "plain http not allowed", host: public, image: "/app:1", edit: func(r *Resolver) { r.PlainHTTP = false }, fails: `gave no digest`},
		{name: "wants credentials", host: serve(t, private), image: "/app:1", fails: `it needs credentials for that host`},
		{name: "wrong credentials", host: serve(t, private), image: "/app:1", edit: credentials("bob"), fails: `\(401\)`},
		{name: "limit", host: serve(t, status(429)), image: "/app:1", fails: `limits how often it is asked \(429\)`},
		{name: "breaks", host: serve(t, status(500)), image: "/app:1", fails: `answered 500 for`},
		{name: "hangs", host: serve(t, hang), image: "/app:1", edit: func(r *Resolver) { r.Timeout = 50 * time.Millisecond }, fails: `did not answer within 50ms`},
		{name: "redirect to a listed host", host: serve(t, redirect(public)), image: "/app:1", edit: func(r *Resolver) { r.Hosts = append(r.Hosts, public) }, want: image},
		{name: "redirect into the network", host: serve(t, redirect(public)), image: "/app:1", fails: `gave no digest`},
		{name: "redirect without the credentials", host: behind, image: "/app:1", edit: func(r *Resolver) { credentials("ann")(r); r.Hosts = append(r.Hosts, public) }, want: image},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &Resolver{Hosts: []string{test.host}, PlainHTTP: true}
			if test.edit != nil {
				test.edit(r)
			}
			got, err := r.Digest(t.Context(), test.host+test.image)
			if test.fails != "" {
				if err == nil || !regexp.MustCompile(test.fails).MatchString(err.Error()) {
					t.Fatalf("got %q, error %v; want error %s", got, err, test.fails)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestCredentialsAreUsedAfterRefusal(t *testing.T) {
	host := serve(t, private)
	r := &Resolver{Hosts: []string{host}, PlainHTTP: true}
	credentials("ann")(r)
	_, err := r.Digest(t.Context(), host+"/app:1")
	// Nothing was pushed: what matters is that the registry let us look.
	if err == nil || !strings.Contains(err.Error(), "(404)") {
		t.Errorf("got %v, want 404", err)
	}
}

func TestDigestIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/manifests/") {
				asked.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	want, _ := push(t, host)
	asked.Store(0)
	r := &Resolver{Hosts: []string{host}, PlainHTTP: true}
	for range 3 {
		if got, err := r.Digest(t.Context(), host+"/app:1"); err != nil || got != want {
			t.Fatalf("got %q, error %v; want %q", got, err, want)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the registry was asked %d times, want once", asked.Load())
	}
}

func TestHangingHostIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			hang(next).ServeHTTP(w, r)
		})
	})
	r := &Resolver{Hosts: []string{host}, PlainHTTP: true, Timeout: 50 * time.Millisecond}
	for i := range 3 {
		if _, err := r.Digest(t.Context(), fmt.Sprintf("%s/app:%d", host, i)); err == nil {
			t.Fatal("want an error")
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the registry was asked %d times, want once", asked.Load())
	}
}

func hang(http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

func redirect(host string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				http.Redirect(w, r, "http://"+host+r.URL.Path, http.StatusTemporaryRedirect)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func credentials(user string) func(*Resolver) {
	return func(r *Resolver) {
		r.Credentials = map[string]Credentials{r.Hosts[0]: {Username: user, Password: "open"}}
	}
}

// push pushes app:1, an image, and many:1, an index, and returns their digests.
func push(t *testing.T, host string) (image, index string) {
	t.Helper()
	app, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := random.Index(10, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference(t, host+"/app:1"), app); err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(reference(t, host+"/many:1"), many); err != nil {
		t.Fatal(err)
	}
	appDigest, err := app.Digest()
	if err != nil {
		t.Fatal(err)
	}
	manyDigest, err := many.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return appDigest.String(), manyDigest.String()
}

func reference(t *testing.T, image string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
