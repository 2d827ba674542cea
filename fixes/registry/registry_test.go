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

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// serve starts a real registry behind in, nil for nothing before it, and
// returns its host.
func serve(t *testing.T, in func(http.Handler) http.Handler) string {
	t.Helper()
	var handler http.Handler = server.New(server.Logger(log.New(io.Discard, "", 0)))
	if in != nil {
		handler = in(handler)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// manifests lets answer take the questions about manifests.
func manifests(answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func status(code int) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func redirect(host string) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+host+r.URL.Path, http.StatusTemporaryRedirect)
	})
}

func hang(http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
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

// counted counts the questions about manifests by method.
func counted(heads, gets *atomic.Int32) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return manifests(func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodHead:
				heads.Add(1)
			case http.MethodGet:
				gets.Add(1)
			}
			next.ServeHTTP(w, r)
		})(next)
	}
}

// as binds a user of host to the runs of nobody in particular.
func as(user string) func(*Client) {
	return func(c *Client) { c.Bindings = []Binding{{Host: c.Hosts[0], Username: user, Password: "open"}} }
}

func TestResolve(t *testing.T) {
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
		edit  func(*Client)
		want  string
		fails string
	}{
		{name: "image", host: public, image: "/app:1", want: image},
		{name: "index, not one of its images", host: public, image: "/many:1", want: index},
		{name: "a digest that is not there", host: public, image: "/app:1@sha256:" + strings.Repeat("0", 64), fails: `has no .* \(404\)`},
		{name: "already a digest", host: public, image: "/app:1@" + image, want: image},
		{name: "no tag is latest, which is not there", host: public, image: "/app", fails: `^registry 127.0.0.1:\d+ has no 127.0.0.1:\d+/app \(404\)$`},
		{name: "not there", host: public, image: "/gone:1", fails: `has no .*/gone:1 \(404\)`},
		{name: "no reference", host: public, image: "/UPPER:1", fails: `is not a reference`},
		{name: "host not listed", host: public, image: "/app:1", edit: func(c *Client) { c.Hosts = []string{"docker.io"} }, fails: `is not among the registries that may be asked`},
		{name: "plain http not allowed", host: public, image: "/app:1", edit: func(c *Client) { c.PlainHTTP = false }, fails: `gave no digest`},
		{name: "wants credentials", host: serve(t, private), image: "/app:1", fails: `it needs credentials for that host`},
		{name: "right credentials, nothing there", host: serve(t, private), image: "/app:1", edit: as("ann"), fails: `\(404\)`},
		{name: "wrong credentials", host: serve(t, private), image: "/app:1", edit: as("bob"), fails: `\(401\)`},
		{name: "limit", host: serve(t, status(429)), image: "/app:1", fails: `limits how often it is asked \(429\)`},
		{name: "breaks", host: serve(t, status(500)), image: "/app:1", fails: `answered 500 for`},
		{name: "hangs", host: serve(t, hang), image: "/app:1", edit: func(c *Client) { c.Timeout = 50 * time.Millisecond }, fails: `did not answer within 50ms`},
		{name: "redirect to a listed host", host: serve(t, redirect(public)), image: "/app:1", edit: func(c *Client) { c.Hosts = append(c.Hosts, public) }, want: image},
		{name: "redirect into the network", host: serve(t, redirect(public)), image: "/app:1", fails: `is not asked over plain http`},
		{name: "redirect without the credentials", host: behind, image: "/app:1", edit: func(c *Client) { as("ann")(c); c.Hosts = append(c.Hosts, public) }, want: image},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &Client{Hosts: []string{test.host}, PlainHTTP: true}
			if test.edit != nil {
				test.edit(c)
			}
			got, err := c.For(Asker{}).Resolve(t.Context(), test.host+test.image, "")
			if test.fails != "" {
				if err == nil || !regexp.MustCompile(test.fails).MatchString(err.Error()) {
					t.Fatalf("got %q, error %v; want error %s", got.Digest, err, test.fails)
				}
				return
			}
			if err != nil || got.Digest != test.want {
				t.Errorf("got %q, error %v; want %q", got.Digest, err, test.want)
			}
		})
	}
}

func TestImageIsDescribed(t *testing.T) {
	host := serve(t, nil)
	made := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	one := build(t, func(config *v1.ConfigFile) {
		config.Created, config.OS, config.Architecture = v1.Time{Time: made}, "linux", "amd64"
		config.Config.Labels = map[string]string{"org.opencontainers.image.version": "1.2.3", "org.opencontainers.image.revision": "a line\nand a second"}
	})
	other := build(t, func(config *v1.ConfigFile) { config.OS, config.Architecture = "linux", "arm64" })
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}},
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
	)
	if err := remote.WriteIndex(reference(t, host+"/many:1"), index); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference(t, host+"/one:1"), one); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	own, err := one.Digest()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := one.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	size := manifest.Config.Size + manifest.Layers[0].Size
	c := &Client{Hosts: []string{host}, PlainHTTP: true}
	for tag, want := range map[string]Image{
		"/many:1": {Digest: digest.String(), Platforms: []string{"linux/amd64", "linux/arm64/v8"}, Size: size, Created: made, Version: "1.2.3"},
		"/one:1":  {Digest: own.String(), Platforms: []string{"linux/amd64"}, Size: size, Created: made, Version: "1.2.3"},
	} {
		got, err := c.For(Asker{}).Resolve(t.Context(), host+tag, "")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", tag, err, diff)
		}
	}
}

// TestBytesAreReadOnce: a tag is asked for in every run, what has a digest is not.
func TestBytesAreReadOnce(t *testing.T) {
	var heads, gets atomic.Int32
	host := serve(t, counted(&heads, &gets))
	want, _ := push(t, host)
	heads.Store(0)
	gets.Store(0)
	c := &Client{Hosts: []string{host}, PlainHTTP: true}
	ask := func(image string) {
		t.Helper()
		if got, err := c.For(Asker{}).Resolve(t.Context(), host+image, ""); err != nil || got.Digest != want {
			t.Fatalf("got %q, error %v; want %q", got.Digest, err, want)
		}
	}
	ask("/app:1")
	ask("/app:1") // told a moment ago
	if heads.Load() != 1 || gets.Load() != 1 {
		t.Errorf("asked %d times by HEAD and %d by GET, want once each", heads.Load(), gets.Load())
	}
	if err := remote.Tag(reference(t, host+"/app:2"), tagged(t, host+"/app:1")); err != nil {
		t.Fatal(err)
	}
	heads.Store(0)
	gets.Store(0)
	ask("/app:2") // another tag of the same bytes
	if heads.Load() != 1 || gets.Load() != 0 {
		t.Errorf("asked %d times by HEAD and %d by GET, want once by HEAD only", heads.Load(), gets.Load())
	}
}

func TestRunAsksOnce(t *testing.T) {
	var heads, gets atomic.Int32
	host := serve(t, counted(&heads, &gets))
	r := (&Client{Hosts: []string{host}, PlainHTTP: true}).For(Asker{})
	ended := make(chan error)
	for range 8 {
		go func() {
			_, err := r.Resolve(t.Context(), host+"/gone:1", "")
			ended <- err
		}()
	}
	for range 8 {
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("got %v, want 404", err)
		}
	}
	if heads.Load() != 1 || gets.Load() != 1 {
		t.Errorf("asked %d times by HEAD and %d by GET, want once each", heads.Load(), gets.Load())
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
	r := (&Client{Hosts: []string{host}, PlainHTTP: true, Timeout: 50 * time.Millisecond}).For(Asker{})
	for i := range 3 {
		if _, err := r.Resolve(t.Context(), fmt.Sprintf("%s/app:%d", host, i), ""); err == nil {
			t.Fatal("want an error")
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the registry was asked %d times, want once", asked.Load())
	}
}

// TestSlowHostIsLeftAlone: answers that each come just in time would keep a run
// for as long as there are images.
func TestSlowHostIsLeftAlone(t *testing.T) {
	var asked atomic.Int32
	host := serve(t, func(next http.Handler) http.Handler {
		return manifests(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				asked.Add(1)
				timer := time.NewTimer(60 * time.Millisecond)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-r.Context().Done():
				}
			}
			next.ServeHTTP(w, r)
		})(next)
	})
	r := (&Client{Hosts: []string{host}, PlainHTTP: true, Timeout: 100 * time.Millisecond}).For(Asker{})
	var last error
	for i := range 2 * maxSlow {
		_, last = r.Resolve(t.Context(), fmt.Sprintf("%s/app:%d", host, i), "")
	}
	if asked.Load() > maxSlow || last == nil || !regexp.MustCompile("takes too long to answer|did not answer within").MatchString(last.Error()) {
		t.Errorf("the registry was asked %d times, then %v; want %d times", asked.Load(), last, maxSlow)
	}
}

// build makes an image with one layer.
func build(t *testing.T, edit func(*v1.ConfigFile)) v1.Image {
	t.Helper()
	layer, err := random.Layer(100, "application/vnd.docker.image.rootfs.diff.tar.gzip")
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	edit(config)
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		t.Fatal(err)
	}
	return image
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

func tagged(t *testing.T, image string) *remote.Descriptor {
	t.Helper()
	d, err := remote.Get(reference(t, image))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reference(t *testing.T, image string) name.Tag {
	t.Helper()
	r, err := name.NewTag(image)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
