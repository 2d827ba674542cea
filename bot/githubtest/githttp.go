package githubtest

import (
	"errors"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"strings"
)

// isGit tells the addresses of git's protocol, with or without ".git" after the name.
func isGit(path string) bool {
	return strings.HasSuffix(path, "/info/refs") || strings.HasSuffix(path, "/git-upload-pack") || strings.HasSuffix(path, "/git-receive-pack")
}

// serveGit hands git's own protocol to git http-backend. A private repository wants a token as the password; what
// GitHub tells somebody who may not know of it is the same 404 as in REST.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	fault := s.takeFault("git")
	if fault != nil && fault.before(s, w, r) {
		s.record(Request{Method: r.Method, Path: r.URL.Path, Route: "git", Operation: "git", Status: fault.Status, Faulted: true}, nil)
		return
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	if len(parts) != 3 {
		http.NotFound(w, r)
		return
	}
	write := strings.Contains(r.URL.Path, "git-receive-pack") || r.URL.Query().Get("service") == "git-receive-pack"
	repo, t, refused := s.openGit(r, parts[0], strings.TrimSuffix(parts[1], ".git"), write)
	status := http.StatusOK
	if refused != nil {
		status = refused.status
	}
	s.mu.Lock()
	s.record(Request{Method: r.Method, Path: r.URL.Path, Route: "git", Operation: "git", Status: status}, t)
	s.mu.Unlock()
	if refused != nil {
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		}
		http.Error(w, refused.message, status)
		return
	}
	before := map[string]string{}
	if write {
		before = repo.heads()
	}
	s.backend(w, r, repo, "/"+parts[2])
	if write {
		s.pushed(repo, before)
	}
}

func (s *Server) openGit(r *http.Request, owner, name string, write bool) (*Repository, *token, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repository(owner, name)
	t, err := s.authenticate(r)
	var refused *refusal
	if errors.As(err, &refused) {
		return nil, nil, refused
	}
	need := "contents:read"
	if write {
		need = "contents:write"
	}
	allowed := repo != nil && t != nil && t.covers(repo) && t.may(need)
	switch {
	case repo != nil && !repo.Private && !write, allowed:
		return repo, t, nil
	case t == nil:
		return nil, nil, &refusal{status: http.StatusUnauthorized, message: "Authentication required"}
	case repo != nil && t.covers(repo):
		return nil, t, &refusal{status: http.StatusForbidden, message: "Write access to repository not granted."}
	}
	return nil, t, &refusal{status: http.StatusNotFound, message: "Repository not found."}
}

// backend runs git http-backend on one repository.
func (s *Server) backend(w http.ResponseWriter, r *http.Request, repo *Repository, path string) {
	git, err := exec.LookPath("git")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path = path
	inner.Header.Del("Authorization")
	handler := &cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Dir: repo.folder,
		Env: append(isolation[:len(isolation):len(isolation)], "GIT_PROJECT_ROOT="+repo.folder, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=git", "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"), "HOME="+s.folder),
	}
	handler.ServeHTTP(w, inner)
}

func (r *Repository) heads() map[string]string {
	heads := map[string]string{}
	out, err := r.git(nil, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
	if err != nil {
		return heads
	}
	for line := range strings.SplitSeq(out, "\n") {
		if name, sha, ok := strings.Cut(line, " "); ok {
			heads[name] = sha
		}
	}
	return heads
}

// pushed lets everything follow what a push by git changed.
func (s *Server) pushed(repo *Repository, before map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after := repo.heads()
	who := s.user(s.app.Slug+"[bot]", "Bot")
	for name, sha := range after {
		s.followPush(repo, name, before[name], sha, who)
	}
	for name, sha := range before {
		if after[name] == "" {
			s.followPush(repo, name, sha, "", who)
		}
	}
}

func (s *Server) followPush(repo *Repository, name, before, after string, who *User) {
	if before == after {
		return
	}
	repo.pushed = s.now()
	repo.sendPush(name, before, after, who)
	if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
		if err := s.follow(repo, branch, after, who); err != nil {
			s.breaches = append(s.breaches, "following a push to "+repo.FullName()+": "+err.Error())
		}
	}
}
