package registry

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestCredentialIsBound: a credential is used for the installation, host and
// repositories that the operator bound it to, and its answers are shown to
// nobody else.
func TestCredentialIsBound(t *testing.T) {
	host := serve(t, private)
	made := build(t, func(*v1.ConfigFile) {})
	for _, image := range []string{"/acme/web:1", "/acme:1", "/acmes/web:1", "/other/web:1"} {
		if err := remote.Write(reference(t, host+image), made, remote.WithAuth(&authn.Basic{Username: "ann", Password: "open"})); err != nil {
			t.Fatal(err)
		}
	}
	c := &Client{Hosts: []string{host}, PlainHTTP: true, Bindings: []Binding{{Installation: 7, Host: host, Prefix: "acme/", Username: "ann", Password: "open"}}}
	for _, test := range []struct {
		name  string
		asker Asker
		image string
		reads bool
	}{
		{"bound", Asker{Installation: 7}, "/acme/web:1", true},
		{"bound, the folder itself", Asker{Installation: 7}, "/acme:1", true},
		{"a fork of the same installation", Asker{Installation: 7, Anonymous: true}, "/acme/web:1", false},
		{"another installation", Asker{Installation: 8}, "/acme/web:1", false},
		{"nobody in particular", Asker{}, "/acme/web:1", false},
		{"a folder that begins alike", Asker{Installation: 7}, "/acmes/web:1", false},
		{"another folder", Asker{Installation: 7}, "/other/web:1", false},
	} {
		got, err := c.For(test.asker).Resolve(t.Context(), host+test.image, "")
		if test.reads && (err != nil || got.Digest == "") || !test.reads && (err == nil || got.Digest+got.Version != "" || got.Platforms != nil) {
			t.Errorf("%s: got %+v, error %v", test.name, got, err)
		}
	}
}

// TestDockerConfiguration: what docker login left, and the helpers that it names.
func TestDockerConfiguration(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	write(t, filepath.Join(dir, "docker-credential-cloud"), "#!/bin/sh\ncat >/dev/null\necho '{\"Username\": \"ann\", \"Secret\": \"open\"}'\n")
	write(t, filepath.Join(dir, "docker-credential-broken"), "#!/bin/sh\necho 'token hunter2 is bad'\nexit 1\n")
	login, helped, broken, none := serve(t, private), serve(t, private), serve(t, private), serve(t, private)
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(
		`{"auths": {%q: {"auth": "YW5uOm9wZW4="}}, "credHelpers": {%q: "cloud", %q: "broken"}}`, login, helped, broken))
	for host, want := range map[string]string{
		login: `\(404\)`, helped: `\(404\)`, // let in, and nothing there
		broken: `^registry \S+ is not asked: the operator's docker credential for \S+ could not be had$`,
		none:   `the operator's docker credential for \S+ could not be had$`,
	} {
		c := &Client{Hosts: []string{host}, PlainHTTP: true, Bindings: []Binding{{Host: host, From: FromDocker}}}
		if _, err := c.For(Asker{}).Resolve(t.Context(), host+"/app:1", ""); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestGoogleCredential gets a token for a service account from a server of ours.
func TestGoogleCredential(t *testing.T) {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token": "ya29", "token_type": "Bearer", "expires_in": 3600}`)
	}))
	defer tokens.Close()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "robot@example.com", "token_uri": tokens.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "account.json")
	write(t, file, string(account))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)

	c := &Client{}
	login, err := c.login(t.Context(), reference(t, "europe-docker.pkg.dev/acme/shop/web:1"), &Binding{Host: "europe-docker.pkg.dev", From: FromGoogle})
	if err != nil {
		t.Fatal(err)
	}
	got, err := login.Authorization()
	if err != nil || got.Username != "_token" || got.Password != "ya29" {
		t.Errorf("got %+v, error %v", got, err)
	}
	if _, err := c.login(t.Context(), reference(t, "registry.example.com/web:1"), &Binding{Host: "registry.example.com", From: FromGoogle}); err == nil {
		t.Error("Google's credential is given to a host that is not Google's")
	}
}

// TestAmazonCredential gets tokens for a registry from a server of ours.
func TestAmazonCredential(t *testing.T) {
	var asked []string
	answer := `{"authorizationData": [{"authorizationToken": "QVdTOm9wZW4=", "expiresAt": UNTIL}]}` // AWS:open
	until := time.Now().Add(12 * time.Hour)
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("X-Amz-Target")+" "+regexp.MustCompile(`Credential=(\w+)/\d+/([\w-]+)/`).FindString(r.Header.Get("Authorization")))
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, strings.ReplaceAll(answer, "UNTIL", fmt.Sprint(until.Unix())))
	}))
	defer tokens.Close()
	dir := t.TempDir() // whatever the machine's own credential is
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": tokens.URL, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials"),
	} {
		t.Setenv(name, value)
	}
	c := &Client{}
	login := func(host string) (string, error) {
		found, err := c.login(t.Context(), reference(t, host+"/web:1"), &Binding{Host: host, From: FromAmazon})
		if err != nil {
			return "", err
		}
		said, err := found.Authorization()
		return said.Username + ":" + said.Password, err
	}
	const dublin, sydney = "111122223333.dkr.ecr.eu-west-1.amazonaws.com", "111122223333.dkr.ecr.ap-southeast-2.amazonaws.com"
	for range 2 { // the second time from memory
		if got, err := login(dublin); err != nil || got != "AWS:open" {
			t.Fatalf("got %q, error %v", got, err)
		}
	}
	until = time.Now().Add(time.Minute)
	for range 2 { // one that is about to end is not kept
		if got, err := login(sydney); err != nil || got != "AWS:open" {
			t.Fatalf("got %q, error %v", got, err)
		}
	}
	const target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken Credential=AKIDEXAMPLE/"
	day := time.Now().UTC().Format("20060102")
	want := []string{target + day + "/eu-west-1/", target + day + "/ap-southeast-2/", target + day + "/ap-southeast-2/"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	for host, said := range map[string]string{
		"registry.example.com": answer, "111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example": answer, // not Amazon's
		"111122223333.dkr.ecr.us-east-1.amazonaws.com": `{"authorizationData": []}`,
		"111122223333.dkr.ecr.us-east-2.amazonaws.com": `{"authorizationData": [{"authorizationToken": "b3Blbg=="}]}`,
		"111122223333.dkr.ecr.us-west-1.amazonaws.com": `{"authorizationData": [{"authorizationToken": "!"}]}`,
	} {
		answer = said
		if got, err := login(host); err == nil || !regexp.MustCompile(`^the operator's amazon credential for \S+ could not be had$`).MatchString(err.Error()) {
			t.Errorf("%s: got %q, error %v", host, got, err)
		}
	}
}

// TestMissingCredentialIsLookedForOnce: who hands out credentials may take
// seconds to say no.
func TestMissingCredentialIsLookedForOnce(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	asked := filepath.Join(dir, "asked")
	write(t, filepath.Join(dir, "docker-credential-broken"), "#!/bin/sh\ncat >/dev/null\necho again >> "+asked+"\nexit 1\n")
	host := serve(t, nil)
	push(t, host)
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"credHelpers": {%q: "broken"}}`, host))
	c := &Client{Hosts: []string{host}, PlainHTTP: true, Bindings: []Binding{{Host: host, Prefix: "acme", From: FromDocker}}}
	r := c.For(Asker{})
	for _, image := range []string{"/acme/a:1", "/acme/b:1"} {
		if _, err := r.Resolve(t.Context(), host+image, ""); err == nil || !strings.HasSuffix(err.Error(), "could not be had") {
			t.Errorf("%s: got %v", image, err)
		}
	}
	if text, err := os.ReadFile(asked); err != nil || string(text) != "again\n" {
		t.Errorf("the helper was asked: %q, %v; want once", text, err)
	}
	if _, err := r.Resolve(t.Context(), host+"/app:1", ""); err != nil {
		t.Errorf("what needs no credential: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestOwnLogin: in a shell, what docker login left is used where it is of, and
// whoever did not log in asks as anybody.
func TestOwnLogin(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	write(t, filepath.Join(dir, "docker-credential-broken"), "#!/bin/sh\necho 'token hunter2 is bad'\nexit 1\n")
	public, login, broken, none := serve(t, nil), serve(t, private), serve(t, nil), serve(t, private)
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"auths": {%q: {"auth": "YW5uOm9wZW4="}}, "credHelpers": {%q: "broken"}}`, login, broken))
	push(t, public)
	made := build(t, func(*v1.ConfigFile) {})
	if err := remote.Write(reference(t, login+"/acme/web:1"), made, remote.WithAuth(&authn.Basic{Username: "ann", Password: "open"})); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, image, fails string
		asker              Asker
		edit               func(*Client)
	}{
		{"public, without a login", public + "/app:1", "", Asker{}, nil},
		{"private, with a login", login + "/acme/web:1", "", Asker{}, nil},
		{"private, listed too", login + "/acme/web:1", "", Asker{}, func(c *Client) { c.Hosts = append(c.Hosts, login) }},
		{"private, without a login", none + "/acme/web:1", `\(401\)`, Asker{}, func(c *Client) { c.Hosts = append(c.Hosts, none) }},
		{"neither listed nor with a login", none + "/acme/web:1", `is not among the registries that may be asked$`, Asker{}, nil},
		{"a helper that fails makes no host listed", broken + "/app:1", `is not among the registries that may be asked$`, Asker{}, nil},
		{"a helper that fails is no way to log in", broken + "/app:1", `\(404\)`, Asker{}, func(c *Client) { c.Hosts = append(c.Hosts, broken) }},
		{"not asked for", login + "/acme/web:1", `is not among the registries that may be asked$`, Asker{}, func(c *Client) { c.OwnLogin = false }},
		{"for a stranger", login + "/acme/web:1", `is not among the registries that may be asked$`, Asker{Anonymous: true}, nil},
		{"another's of the operator's comes first", login + "/acme/web:1", `\(401\)`, Asker{}, func(c *Client) {
			c.Hosts, c.Bindings = append(c.Hosts, login), []Binding{{Host: login, Username: "bob", Password: "open"}}
		}},
	} {
		c := &Client{Hosts: []string{public}, OwnLogin: true, PlainHTTP: true}
		if test.edit != nil {
			test.edit(c)
		}
		got, err := c.For(test.asker).Resolve(t.Context(), test.image, "")
		if test.fails == "" && (err != nil || got.Digest == "") || test.fails != "" && (err == nil || !regexp.MustCompile(test.fails).MatchString(err.Error())) {
			t.Errorf("%s: got %q, error %v; want error %q", test.name, got.Digest, err, test.fails)
		}
	}
}
