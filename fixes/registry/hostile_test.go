package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/net/dns/dnsmessage"
)

// says answers questions about manifests with a digest in the header, and
// bytes of a kind; a HEAD gets none of the bytes.
func says(digest string, kind types.MediaType, text []byte) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(kind))
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if digest != "" {
			w.Header().Set("Docker-Content-Digest", digest)
		}
		if r.Method != http.MethodHead {
			_, _ = w.Write(text) // whoever asked may have gone
		}
	})
}

// zeros are n bytes that say before how many they are, or do not.
func zeros(n int64, announced bool) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(types.DockerManifestSchema2))
		if announced {
			w.Header().Set("Content-Length", fmt.Sprint(n))
		}
		if r.Method != http.MethodHead {
			_, _ = io.CopyN(w, zero{}, n)
		}
	})
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// index is the text of an index of n images, and its digest.
func index(t *testing.T, n int) (string, []byte) {
	t.Helper()
	manifest := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for i := range n {
		manifest.Manifests = append(manifest.Manifests, v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Size: 100, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)},
			Platform: &v1.Platform{OS: "linux", Architecture: fmt.Sprintf("cpu%d", i)},
		})
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return digest.String(), text
}

// loop redirects each question to another path of the same host.
func loop(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
	})
}

// bearer wants a token of realm, and never takes one.
func bearer(realm string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				fmt.Fprint(w, `{"token": "x"}`)
				return
			}
			if realm == "" {
				realm = "http://" + r.Host + "/token"
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="s"`, realm))
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
}

// heads answers HEAD with a digest, and GET as a registry does.
func heads(digest string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return manifests(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodHead {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			w.Header().Set("Content-Length", "2")
			w.Header().Set("Docker-Content-Digest", digest)
		})(next)
	}
}

// sends redirects questions about manifests to an address, whatever it is.
func sends(address string) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", address)
		w.WriteHeader(http.StatusFound)
	})
}

// packed answers with n zeros that gzip makes few of.
func packed(n int64) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		w.Header().Set("Content-Encoding", "gzip")
		if r.Method == http.MethodHead {
			return
		}
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zero{}, n) // whoever asked may have gone
		_ = z.Close()
	})
}

// trickles answers a byte at a time, without end.
func trickles(next http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		for tick := time.NewTicker(5 * time.Millisecond); r.Method != http.MethodHead; {
			if _, err := w.Write([]byte(" ")); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})(next)
}

// talks has a header of n bytes in each answer about a manifest.
func talks(n int) func(http.Handler) http.Handler {
	return manifests(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", n))
	})
}

// wants asks for a log in with a header, and answers what is asked for a token.
func wants(header, token string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				fmt.Fprint(w, token)
				return
			}
			w.Header().Set("WWW-Authenticate", strings.ReplaceAll(header, "HOST", r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
}

// TestHostile asks registries that mean harm: each gets a sentence, and none a digest.
func TestHostile(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked of a host that nobody listed", r.Method, r.URL)
	}))
	t.Cleanup(elsewhere.Close)
	other := strings.TrimPrefix(elsewhere.URL, "http://")
	digest, text := index(t, 3)
	lie := "sha256:" + strings.Repeat("a", 64)
	manyDigest, many := index(t, 10_000)
	noneDigest, none := index(t, 0)
	ofNone := says(noneDigest, types.OCIImageIndex, none)
	tests := []struct {
		name  string
		in    func(http.Handler) http.Handler
		edit  func(*Client)
		fails string
	}{
		{"lies about the digest", says(lie, types.OCIImageIndex, text), nil, `does not match requested digest`},
		{"has a digest that is none", says("sha256:short", types.OCIImageIndex, text), nil, `the answer's digest is ` + digest + `, and its header says sha256:short`},
		{"says an index and has an image", says(manyDigest, types.DockerManifestSchema2, many), nil, `an image that cannot be read`},
		{"says an index and has no image in it", ofNone, nil, `an index that cannot be read`},
		{"says an image and has nothing", says("", types.DockerManifestSchema2, []byte("nothing")), nil, `an image that cannot be read`},
		{"says an index and has nothing", says("", types.OCIImageIndex, []byte("[]")), nil, `an index that cannot be read`},
		{"has a page for people", says("", "text/html", []byte("<html>")), nil, `no image or index but "text/html"`},
		{"has a type with a line in it", says("", "a\tb", []byte("x")), nil, `no image or index but ""`},
		{"10,000 images", says(manyDigest, types.OCIImageIndex, many), nil, `an index of 10000 images, and none has more than 500`},
		{"200 MB, as announced", zeros(200<<20, true), nil, `answers with more than 4 MiB`},
		{"200 MB, not announced", zeros(200<<20, false), nil, `answers with more than 4 MiB`},
		{"loops", loop, nil, `redirects more than 5 times`},
		{"redirects to itself with credentials for ever", loop, as("ann"), `redirects more than 5 times`},
		{"redirects to a host that is not listed", redirect(other), as("ann"), `is not asked over plain http`},
		{"redirects to the cloud's metadata", redirect("169.254.169.254"), nil, `is not asked over plain http|denied`},
		{"redirects to the network", redirect("10.0.0.1"), nil, `is not asked over plain http|denied`},
		{"sends for a token to the cloud's metadata", bearer("http://169.254.169.254/token"), as("ann"), `link-local|is not asked`},
		{"sends for a token to the machine", bearer("https://127.0.0.1:1/token"), nil, `private or link-local address|internal address`},
		{"sends for a token to another site", bearer("https://evil.example.net/token"), as("ann"), `evil.example.net, which is not given its credentials`},
		{"wants a token again and again", bearer(""), nil, `does not let Kustodian read .* \(401\)`},
		{"has another digest for HEAD than for GET", heads(lie), nil, `has no|does not match requested digest`},
		{"has a digest of another algorithm", says(fmt.Sprintf("sha512:%x", sha512.Sum512(text)), types.OCIImageIndex, text), nil, `the answer's digest is ` + digest + `, and its header says sha512:[0-9a-f]+$`},
		{"has a manifest of schema 1", says("", types.DockerManifestSchema1, []byte(`{"schemaVersion": 1}`)), nil, `no image or index but "application/vnd.docker.distribution.manifest.v1\+json"`},
		{"has a signed manifest of schema 1", says(lie, types.DockerManifestSchema1Signed, []byte(`{"schemaVersion": 1}`)), nil, `no image or index but "application/vnd.docker.distribution.manifest.v1\+prettyjws"`},
		{"packs 200 MB", packed(200 << 20), nil, `answers with more than 4 MiB`},
		{"trickles", trickles, func(c *Client) { c.Timeout = 100 * time.Millisecond }, `did not answer within 100ms`},
		{"has a header of 1 MB", talks(1 << 20), nil, `response headers exceeded 65536 bytes`},
		{"redirects to a file", sends("file:///etc/passwd"), nil, `is not asked over plain file`},
		{"redirects to another protocol", sends("gopher://" + other + "/x"), nil, `is not asked over plain gopher`},
		{"redirects to an address inside another", sends("https://[::ffff:127.0.0.1]:1/x"), nil, `internal address 127.0.0.1|denied`},
		{"redirects to where a signature is in the address", sends("https://user:hunter2@127.0.0.1:1/x?signature=hunter2"), nil, `^[^?]*$`},
		{"redirects to a long name", sends("gopher://" + strings.Repeat("a", 50_000)), nil, `: a+…$`},
		{"redirects with an address that is none", sends("https://%zz"), nil, `gave no digest`},
		{"sends for a token with credentials of its own", wants(`Bearer realm="https://user:hunter2@127.0.0.1:1/token"`, ""), nil, `private or link-local address|internal address`},
		{"sends for a token to a file", wants(`Bearer realm="file:///etc/passwd"`, ""), nil, `scheme "file" not allowed`},
		{"sends for a token with a long address", wants(`Bearer realm="gopher://`+strings.Repeat("a", 10_000)+`"`, ""), nil, `not allowed|…`},
		{"sends for a token without an address", wants(`Bearer service="x"`, ""), nil, `missing realm`},
		{"wants a login that is not known", wants(`Negotiate abc`, ""), nil, `gave no digest|\(401\)`},
		{"has a token with a line in it", wants(`Bearer realm="http://HOST/token"`, `{"token": "a\nb: c"}`), nil, `gave no digest`},
		{"has no token", wants(`Bearer realm="http://HOST/token"`, `{"secret": "hunter2"}`), nil, `no token in bearer response`},
		{"has a token of 5 MiB", wants(`Bearer realm="http://HOST/token"`, `{"token": "`+strings.Repeat("a", 5<<20)+`"}`), nil, `body exceeds 65536 byte limit`},
		{"redirects with a signature to nobody", sends("http://127.0.0.1:1/x?signature=hunter2"), func(c *Client) { c.Hosts = append(c.Hosts, "127.0.0.1:1") }, `gave no digest for \S+: dial tcp 127.0.0.1:1: connect: connection refused$`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			host := serve(t, test.in)
			c := &Client{Hosts: []string{host}, PlainHTTP: true}
			if test.edit != nil {
				test.edit(c)
			}
			got, err := c.For(Asker{}).Resolve(t.Context(), host+"/app:1", "")
			if err == nil {
				t.Fatalf("got digest %s", got.Digest)
			}
			if !regexp.MustCompile(test.fails).MatchString(err.Error()) || strings.ContainsAny(err.Error(), "\n\r\t") || len(err.Error()) > 400 || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %q; want one line like %s", err, test.fails)
			}
		})
	}
}

// TestRequestsAreBounded: an index of indexes is not followed without end.
func TestRequestsAreBounded(t *testing.T) {
	var asked atomic.Int32
	host := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			next.ServeHTTP(w, r)
		})
	})
	c := &Client{Hosts: []string{host}, PlainHTTP: true}
	g := &guard{client: c, host: host, pace: c.pace(paceKey{host, nil})}
	var last error
	for range 2 * maxRequests {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := g.RoundTrip(request)
		if last = err; err == nil {
			response.Body.Close()
		}
	}
	if asked.Load() != maxRequests || last == nil || !strings.Contains(last.Error(), "more than 20 requests") {
		t.Errorf("asked %d times, then %v; want %d times and a refusal", asked.Load(), last, maxRequests)
	}
}

// TestNameThatLeadsInside: a name is judged by the address that is dialled, not
// by one that it had before.
func TestNameThatLeadsInside(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		dns.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		answerLoopback(dns)
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dns.LocalAddr().String())
	}}
	t.Cleanup(func() { net.DefaultResolver = before })

	c := &Client{Hosts: []string{"registry.example.com"}, Timeout: 5 * time.Second}
	_, err = c.For(Asker{}).Resolve(t.Context(), "registry.example.com/app:1", "")
	if err == nil || !strings.Contains(err.Error(), "registry.example.com leads to the internal address 127.0.0.1") {
		t.Errorf("got %v", err)
	}
}

// answerLoopback says of every name that it is the machine itself.
func answerLoopback(dns net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := dns.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		var message dnsmessage.Message
		if message.Unpack(buffer[:n]) != nil || len(message.Questions) != 1 {
			continue
		}
		message.Response, message.Additionals = true, nil
		if q := message.Questions[0]; q.Type == dnsmessage.TypeA {
			message.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		text, err := message.Pack()
		if err != nil {
			continue
		}
		if _, err := dns.WriteTo(text, from); err != nil {
			return
		}
	}
}
