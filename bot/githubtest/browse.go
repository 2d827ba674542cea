package githubtest

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kustodian/kustodian/bot/githubtest/pages"
)

// servePages shows what the server holds to whoever asks: it is meant for loopback.
func (s *Server) servePages(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "pages are only read", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Security-Policy", pages.Policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	parts := strings.SplitN(strings.Trim(r.URL.Path, "/"), "/", 5)
	if parts[0] == "" {
		s.page(w, func(w io.Writer) error { return pages.WriteIndex(w, s.names()) })
		return
	}
	var repo *Repository
	if len(parts) > 1 {
		repo = s.Repository(parts[0], parts[1])
	}
	switch {
	case repo == nil:
		http.NotFound(w, r)
	case len(parts) == 2:
		s.page(w, func(w io.Writer) error { return pages.WriteRepository(w, repo.overview()) })
	case len(parts) >= 4 && parts[2] == "pull":
		number, err := strconv.Atoi(parts[3])
		if err != nil {
			http.NotFound(w, r)
			return
		}
		repo.showPull(w, r, number)
	case len(parts) == 5 && (parts[2] == "blob" || parts[2] == "raw"):
		text, err := repo.File(parts[3], parts[4])
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, text) // the client is gone when it fails
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) page(w http.ResponseWriter, write func(io.Writer) error) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := write(w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *Server) names() []string {
	var names []string
	for _, r := range s.Repositories() {
		names = append(names, r.FullName())
	}
	return names
}

func (r *Repository) overview() pages.Repository {
	view := pages.Repository{Name: r.FullName(), Checks: r.checkPages(r.Head(r.DefaultBranch))}
	for _, p := range slices.Backward(r.PullRequests()) {
		view.PullRequests = append(view.PullRequests, r.pullPage(p))
	}
	return view
}

func (r *Repository) showPull(w http.ResponseWriter, request *http.Request, number int) {
	p, err := r.PullRequest(number)
	if err != nil {
		http.NotFound(w, request)
		return
	}
	d, err := r.Diff(number)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	view := r.pullPage(p)
	view.Conversation, view.Files, view.Checks = p.conversation(), p.filePages(d), r.checkPages(p.Head.SHA)
	r.server.page(w, func(w io.Writer) error { return pages.WritePullRequest(w, view) })
}

func (r *Repository) pullPage(p *PullRequest) pages.PullRequest {
	state, head := p.State, p.Head.Ref
	if p.Merged {
		state = "merged"
	}
	if p.Head.Repository != r {
		head = p.Head.Repository.Owner + ":" + head
	}
	return pages.PullRequest{
		Repository: r.FullName(), Number: p.Number, Title: p.Title, State: state, Author: p.Author.Login, Base: p.Base.Ref, Head: head, Body: p.Body,
	}
}

// conversation is what was said on the pull request as a whole, in order.
func (p *PullRequest) conversation() []pages.Comment {
	type said struct {
		at time.Time
		id int64
		pages.Comment
	}
	var all []said
	for _, v := range p.Reviews {
		if v.Body != "" && v.State != "PENDING" {
			all = append(all, said{v.SubmittedAt, v.ID, pages.Comment{Author: v.Author.Login, Body: v.Body}})
		}
	}
	for _, k := range p.Comments {
		if k.Minimized == "" {
			all = append(all, said{k.CreatedAt, k.ID, pages.Comment{Author: k.Author.Login, Body: k.Body}})
		}
	}
	slices.SortFunc(all, func(a, b said) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	var comments []pages.Comment
	for _, s := range all {
		comments = append(comments, s.Comment)
	}
	return comments
}

// filePages are the changed files with their threads. A thread whose line is gone stands where it was said; one whose
// file is no longer in the diff has a file without a patch.
func (p *PullRequest) filePages(d *Diff) []pages.File {
	var views []pages.File
	at := map[string]int{}
	for _, f := range d.Files {
		at[f.Path] = len(views)
		views = append(views, pages.File{Path: f.Path, Patch: f.Patch})
	}
	for _, t := range p.Threads {
		i, ok := at[t.Path]
		if !ok {
			i = len(views)
			at[t.Path] = i
			views = append(views, pages.File{Path: t.Path})
		}
		view := pages.Thread{Line: cmp.Or(t.Line, t.OriginalLine), Side: t.Side, Resolved: t.Resolved, Outdated: t.Outdated}
		for _, k := range t.Comments {
			view.Comments = append(view.Comments, pages.Comment{Author: k.Author.Login, Body: k.Body})
		}
		views[i].Threads = append(views[i].Threads, view)
	}
	return views
}

func (r *Repository) checkPages(commit string) []pages.Check {
	if commit == "" {
		return nil
	}
	var views []pages.Check
	for _, k := range r.CheckRuns(commit) {
		view := pages.Check{Name: k.Name, Conclusion: k.Conclusion, Title: k.Title, Summary: k.Summary, Text: k.Text}
		for _, a := range k.Annotations {
			view.Annotations = append(view.Annotations, pages.Annotation{Path: a.Path, Line: a.StartLine, Level: a.Level, Title: a.Title, Message: a.Message})
		}
		views = append(views, view)
	}
	return views
}
