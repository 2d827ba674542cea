// Package githubtest is a GitHub to test against: a server that answers REST, GraphQL and git over HTTP from real
// bare git repositories, and sends signed webhooks.
//
//	s, err := githubtest.Start(githubtest.Options{})
//	installation := s.AddInstallation("acme", map[string]string{"contents": "read", "pull_requests": "write"})
//	repo, err := s.AddRepository("acme", "shop", true)
//	_, err = repo.Commit("main", "Start", map[string]*string{"a.yaml": new("a: 1\n")})
//	_, err = repo.Commit("feature", "Change", map[string]*string{"a.yaml": new("a: 2\n")})
//	number, err := repo.OpenPullRequest(githubtest.NewPullRequest{Head: "feature", Title: "Change a"})
//	… the bot works against s.URL, with the key of s.App() …
//	pull, err := repo.PullRequest(number)
//
// Every answer is held to the contracts that GitHub publishes: one that is off contract is a 500 and is kept
// in [Server.Breaches]. The rules that no contract says (which lines take a comment, who may do what, what a stale
// commit is told) are enforced as GitHub enforces them. Metadata lives in memory and diffs come from git itself.
//
// Methods that change something take no context: they run under the life of the server, which [Server.Close] ends.
package githubtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options are the settings of a server. The zero value serves on a free port of loopback, from a temporary folder.
type Options struct {
	// Listen is the address to listen at; empty is 127.0.0.1 with a free port.
	Listen string
	// Folder is where the bare repositories are made; empty is a temporary folder that Close removes.
	Folder string
	// Now is the clock of tokens, limits and times shown; nil is time.Now.
	Now func() time.Time
	// Slug is the App's name in addresses and in its login "SLUG[bot]"; empty is "kustodian".
	Slug string
	// RateLimit is how many requests an installation has in an hour; 0 is 5000.
	RateLimit int
	// HookTimeout is how long a webhook's receiver may take; 0 is GitHub's 10 s.
	HookTimeout time.Duration
}

// Server is one simulated GitHub. Its methods are safe for concurrent use.
type Server struct {
	// URL is the address without a slash at its end. REST is under it and under URL/api/v3, GraphQL at /graphql and
	// /api/graphql, git at /OWNER/NAME.git, and pages for people at /, /OWNER/NAME and /OWNER/NAME/pull/NUMBER.
	URL string

	options  Options
	contract *contract
	app      *App
	http     *http.Server
	life     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup
	folder   string
	remove   bool

	mu            sync.Mutex
	lastID        int64
	users         map[string]*User
	installations []*Installation
	tokens        map[string]*token
	repositories  []*Repository
	rates         map[int64]*rate
	started       time.Time
	faults        []*activeFault
	requests      []Request
	breaches      []string
	hooks         hookSender
}

// Start makes a server and lets it listen. Close ends it.
func Start(o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Slug == "" {
		o.Slug = "kustodian"
	}
	if o.RateLimit == 0 {
		o.RateLimit = 5000
	}
	if o.HookTimeout == 0 {
		o.HookTimeout = 10 * time.Second
	}
	c, err := loadContract()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, contract: c, users: map[string]*User{}, tokens: map[string]*token{}, rates: map[int64]*rate{}, lastID: 1000}
	if s.app, err = newApp(o.Slug); err != nil {
		return nil, err
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	s.started = s.now()
	s.life, s.end = context.WithCancel(context.Background())
	listener, err := new(net.ListenConfig).Listen(s.life, "tcp", o.Listen)
	if err != nil {
		s.end()
		return nil, errors.Join(fmt.Errorf("listening at %s: %w", o.Listen, err), s.removeFolder())
	}
	s.URL = "http://" + listener.Addr().String()
	s.hooks.start(s)
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return s.life }}
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.breach("serving: %v", err)
		}
	})
	return s, nil
}

func (s *Server) makeFolder() (err error) {
	s.folder = s.options.Folder
	if s.folder == "" {
		s.remove = true
		if s.folder, err = os.MkdirTemp("", "githubtest-"); err != nil {
			return fmt.Errorf("making a folder for the repositories: %w", err)
		}
	}
	return nil
}

func (s *Server) removeFolder() error {
	if !s.remove {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// Close ends the server and everything it started: requests under way are cut off, webhooks not yet sent are dropped.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	s.running.Wait()
	s.hooks.client.CloseIdleConnections()
	return errors.Join(err, s.removeFolder())
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/api/v3/"):
		s.serveREST(w, r, "/api/v3")
	case path == "/graphql" || path == "/api/graphql":
		s.serveGraphQL(w, r)
	case isGit(path):
		s.serveGit(w, r)
	case isREST(path):
		s.serveREST(w, r, "")
	default:
		s.servePages(w, r)
	}
}

func isREST(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "app", "app-manifests", "installation", "repos", "rate_limit", "meta", "orgs", "user", "users":
		return true
	}
	return false
}

// Breaches are what the simulator answered or sent against GitHub's published contract, or was asked without knowing
// how to answer. A test asserts that there are none.
func (s *Server) Breaches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.breaches...)
}

func (s *Server) breach(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaches = append(s.breaches, fmt.Sprintf(format, args...))
}

// AddRepository makes an empty repository. Its owner is an organisation where an installation of that account exists
// or will; its default branch is main.
func (s *Server) AddRepository(owner, name string, private bool) (*Repository, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repository(owner, name) != nil {
		return nil, fmt.Errorf("repository %s/%s exists", owner, name)
	}
	r := &Repository{
		ID: s.id(), Owner: owner, Name: name, Private: private, DefaultBranch: "main", server: s,
		folder: filepath.Join(s.folder, owner, name+".git"), collaborators: map[string]string{}, diffs: map[string]*Diff{},
		signed: map[string]bool{}, created: s.now(), pushed: s.now(),
	}
	s.user(owner, "Organization")
	if err := r.init(); err != nil {
		return nil, err
	}
	s.repositories = append(s.repositories, r)
	return r, nil
}

// Repository finds a repository by its owner and name in any case; nil when there is none.
func (s *Server) Repository(owner, name string) *Repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repository(owner, name)
}

// Repositories are all repositories in the order they were made.
func (s *Server) Repositories() []*Repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Repository(nil), s.repositories...)
}

func (s *Server) repository(owner, name string) *Repository {
	for _, r := range s.repositories {
		if strings.EqualFold(r.Owner, owner) && strings.EqualFold(r.Name, name) {
			return r
		}
	}
	return nil
}

// id gives ids that no two things of this server share.
func (s *Server) id() int64 {
	s.lastID++
	return s.lastID
}

func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Second) }

// User is who acts: a person, an organisation or an App's bot.
type User struct {
	ID    int64
	Login string
	// Type is User, Organization or Bot.
	Type string
}

// user finds or makes a user. A login that ends in "[bot]" is a bot's, whatever the type asked for.
func (s *Server) user(login, kind string) *User {
	if u := s.users[strings.ToLower(login)]; u != nil {
		return u
	}
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	u := &User{ID: s.id(), Login: login, Type: kind}
	s.users[strings.ToLower(login)] = u
	return u
}
