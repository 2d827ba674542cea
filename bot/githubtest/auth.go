package githubtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// App is the GitHub App that the server knows.
type App struct {
	ID   int64
	Slug string
	// Key is the private key as PEM, PKCS #1, as GitHub hands it out.
	Key []byte
	// WebhookSecret signs the webhooks.
	WebhookSecret string

	public *rsa.PublicKey
}

func newApp(slug string) (*App, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the App's key: %w", err)
	}
	return &App{
		ID: 4711, Slug: slug, WebhookSecret: "secret-" + randomHex(8), public: &key.PublicKey,
		Key: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}, nil
}

// App is the App's identity and key.
func (s *Server) App() App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.app
}

// Installation is the App installed at an account.
type Installation struct {
	ID      int64
	Account string
	// Permissions are what was granted: "contents" to "read" or "write". metadata:read is always granted.
	Permissions map[string]string
	// Repositories are the full names of those selected; empty is all of the account.
	Repositories []string
	// SuspendedAt is when the account suspended it; zero when it works.
	SuspendedAt time.Time
	CreatedAt   time.Time
}

// covers tells whether the installation reaches r.
func (i *Installation) covers(r *Repository) bool {
	if !strings.EqualFold(i.Account, r.Owner) {
		return false
	}
	return len(i.Repositories) == 0 || slices.ContainsFunc(i.Repositories, func(n string) bool { return strings.EqualFold(n, r.FullName()) })
}

// AddInstallation installs the App at an account, for the repositories named in full, or for all the account has and
// will have when none is named, and sends the installation event. It returns the installation's id.
func (s *Server) AddInstallation(account string, permissions map[string]string, repositories ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	granted := maps.Clone(permissions)
	if granted == nil {
		granted = map[string]string{}
	}
	granted["metadata"] = "read"
	s.user(account, "Organization")
	i := &Installation{ID: s.id(), Account: account, Permissions: granted, Repositories: repositories, CreatedAt: s.now()}
	s.installations = append(s.installations, i)
	s.sendInstallation(i, "created")
	return i.ID
}

// RemoveInstallation uninstalls the App: its tokens end, and the deleted event is sent.
func (s *Server) RemoveInstallation(id int64) error {
	return s.changeInstallation(id, func(i *Installation) {
		s.sendInstallation(i, "deleted")
		s.installations = slices.DeleteFunc(s.installations, func(other *Installation) bool { return other == i })
		maps.DeleteFunc(s.tokens, func(_ string, t *token) bool { return t.installation == i })
	})
}

// Suspend suspends an installation or lifts the suspension.
func (s *Server) Suspend(id int64, suspended bool) error {
	return s.changeInstallation(id, func(i *Installation) { s.setSuspended(i, suspended) })
}

// setSuspended sends the event while the installation still works, as it would send none afterwards.
func (s *Server) setSuspended(i *Installation, suspended bool) {
	i.SuspendedAt = time.Time{}
	if !suspended {
		s.sendInstallation(i, "unsuspend")
		return
	}
	s.sendInstallation(i, "suspend")
	i.SuspendedAt = s.now()
}

// SelectRepositories sets which repositories an installation reaches, by full name, and sends installation_repositories
// with what was added and removed.
func (s *Server) SelectRepositories(id int64, repositories ...string) error {
	return s.changeInstallation(id, func(i *Installation) {
		before := s.covered(i)
		i.Repositories = repositories
		after := s.covered(i)
		added := slices.DeleteFunc(slices.Clone(after), func(r *Repository) bool { return slices.Contains(before, r) })
		removed := slices.DeleteFunc(slices.Clone(before), func(r *Repository) bool { return slices.Contains(after, r) })
		s.sendInstallationRepositories(i, added, removed)
	})
}

func (s *Server) changeInstallation(id int64, change func(*Installation)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.installation(id)
	if i == nil {
		return fmt.Errorf("no installation %d", id)
	}
	change(i)
	return nil
}

func (s *Server) installation(id int64) *Installation {
	for _, i := range s.installations {
		if i.ID == id {
			return i
		}
	}
	return nil
}

func (s *Server) installationOf(r *Repository) *Installation {
	for _, i := range s.installations {
		if i.covers(r) {
			return i
		}
	}
	return nil
}

func (s *Server) covered(i *Installation) []*Repository {
	var covered []*Repository
	for _, r := range s.repositories {
		if i.covers(r) {
			covered = append(covered, r)
		}
	}
	return covered
}

// tokenLife is how long an installation token works, as GitHub documents.
const tokenLife = time.Hour

// token is an installation token.
type token struct {
	secret       string
	installation *Installation
	permissions  map[string]string
	repositories []*Repository // nil is all that the installation covers
	expires      time.Time
}

func (t *token) covers(r *Repository) bool {
	return t.installation.covers(r) && (t.repositories == nil || slices.Contains(t.repositories, r))
}

// may tells whether the token holds a permission such as "contents:write", or one of several separated by "|".
func (t *token) may(needs string) bool {
	for need := range strings.SplitSeq(needs, "|") {
		name, level, _ := strings.Cut(need, ":")
		if levels[t.permissions[name]] >= levels[level] && levels[t.installation.Permissions[name]] >= levels[level] {
			return true
		}
	}
	return false
}

var levels = map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}

// bearer reads the credential of a request; git sends it as the password of Basic.
func bearer(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") || strings.EqualFold(kind, "token") {
		return strings.TrimSpace(secret)
	}
	return ""
}

// authenticate finds the token of a request. Without a credential it is nil; with one that does not work, a 401.
func (s *Server) authenticate(r *http.Request) (*token, error) {
	secret := bearer(r)
	if secret == "" {
		return nil, nil
	}
	t := s.tokens[secret]
	// The wording of this answer is from memory.
	if t == nil || !s.options.Now().Before(t.expires) {
		return nil, refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if !t.installation.SuspendedAt.IsZero() {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	return t, nil
}

// clockSkew is how far ahead an App's clock may run.
const clockSkew = time.Minute

// authenticateApp verifies the App's own token: a JWT that the App's key signed.
func (s *Server) authenticateApp(r *http.Request) error {
	undecodable := refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	parts := strings.Split(bearer(r), ".")
	if len(parts) != 3 {
		return undecodable
	}
	var header struct{ Alg string }
	var claims struct {
		Iat, Exp any
		Iss      any
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || decodePart(parts[0], &header) != nil || decodePart(parts[1], &claims) != nil || header.Alg != "RS256" {
		return undecodable
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(s.app.public, crypto.SHA256, digest[:], signature) != nil {
		return undecodable
	}
	if issuer := fmt.Sprint(claims.Iss); issuer != strconv.FormatInt(s.app.ID, 10) {
		if f, ok := claims.Iss.(float64); !ok || int64(f) != s.app.ID {
			return refuse(http.StatusUnauthorized, "'Issuer' claim ('iss') must be an Integer")
		}
	}
	return s.checkTimes(claims.Iat, claims.Exp)
}

func (s *Server) checkTimes(iat, exp any) error {
	now := s.options.Now()
	issued, ok := iat.(float64)
	if !ok || time.Unix(int64(issued), 0).After(now.Add(clockSkew)) {
		return refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	expires, ok := exp.(float64)
	if !ok || !time.Unix(int64(expires), 0).After(now.Add(-clockSkew)) {
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	}
	if time.Unix(int64(expires), 0).After(now.Add(10*time.Minute+clockSkew)) || expires-issued > (11*time.Minute).Seconds() {
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}

func decodePart(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// randomHex gives 2n hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // documented never to fail
	return hex.EncodeToString(b)
}
