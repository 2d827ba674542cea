package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/time/rate"
)

// answers is what a guard lets through to.
type answers struct{}

func (answers) RoundTrip(*http.Request) (*http.Response, error) {
	return httptest.NewRecorder().Result(), nil
}

func TestGuard(t *testing.T) {
	tests := []struct {
		name          string
		url, from     string // from is where a redirect came from, "" for none
		authorization string
		fails         string
	}{
		{"https", "https://registry.example.com/v2/", "", "Bearer x", ""},
		{"http to a listed loopback host", "http://127.0.0.1:5000/v2/", "", "", ""},
		{"http to a loopback host that is not listed", "http://127.0.0.1:6000/v2/", "", "", "over plain http"},
		{"http to a listed host elsewhere", "http://registry.example.com/v2/", "", "", "over plain http"},
		{"another scheme", "file:///etc/passwd", "", "", "over plain file"},
		{"redirect on the host", "https://registry.example.com/v2/b", "https://registry.example.com/v2/a", "Bearer x", ""},
		{"redirect elsewhere without credentials", "https://cdn.example.com/a", "https://registry.example.com/v2/a", "", ""},
		{"redirect elsewhere with credentials", "https://cdn.example.com/a", "https://registry.example.com/v2/a", "Bearer x", "not given its credentials"},
		{"redirect to another port with credentials", "https://registry.example.com:8443/a", "https://registry.example.com/v2/a", "Basic x", "not given its credentials"},
		{"redirect with credentials in the address", "https://user:x@cdn.example.com/a", "https://registry.example.com/v2/a", "", "not given its credentials"},
		{"token of the site", "https://auth.example.com/token", "", "Basic x", ""},
		{"token of another site", "https://auth.example.net/token", "", "Basic x", "not given its credentials"},
		{"token of another site that is listed", "https://login.example.org/token", "", "Basic x", ""},
		{"token of another site for anybody", "https://auth.example.net/token", "", "", ""},
	}
	client := &Client{Hosts: []string{"127.0.0.1:5000", "registry.example.com", "login.example.org"}, PlainHTTP: true, dials: answers{}}
	client.once.Do(func() {}) // it dials nothing
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := &guard{client: client, host: "registry.example.com", pace: &pace{limiter: rate.NewLimiter(rate.Inf, 1)}}
			request := httptest.NewRequest(http.MethodGet, test.url, nil)
			if test.authorization != "" {
				request.Header.Set("Authorization", test.authorization)
			}
			if test.from != "" {
				request.Response = &http.Response{Request: httptest.NewRequest(http.MethodHead, test.from, nil)}
			}
			_, err := g.RoundTrip(request)
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, want %q", err, test.fails)
			}
		})
	}
}
