// Package pages renders what the simulator holds as pages for a reader: the
// pull requests of a repository, the conversation with comments on the diff,
// and the checks with their annotations. Plain HTML from the server, no
// script, readable in light and dark.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// Policy is the Content-Security-Policy that the pages are served with. They
// hold what anybody wrote, HTML among it; nothing of it may run or be fetched.
const Policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"

// A Repository is a repository's page.
type Repository struct {
	Name         string // "owner/name"
	PullRequests []PullRequest
	Checks       []Check // of the default branch's head
}

// A PullRequest is a pull request's page; in a list only its head is filled.
type PullRequest struct {
	Repository   string
	Number       int
	Title        string
	State        string // "open", "closed" or "merged"
	Author       string
	Base, Head   string // branches
	Body         string // Markdown
	Conversation []Comment
	Files        []File
	Checks       []Check
}

// A Comment is something that somebody wrote.
type Comment struct {
	Author string
	Body   string // Markdown
}

// A File is a changed file with its diff.
type File struct {
	Path  string
	Patch string // hunks as git prints them; "" for a binary or large file
	// Threads are the comments on its lines, and on the file where Line is 0.
	Threads []Thread
}

// A Thread is a conversation at a line of a diff.
type Thread struct {
	Line     int    // the last line; 0 is the file itself
	Side     string // "LEFT" or "RIGHT"
	Resolved bool
	Outdated bool
	Comments []Comment
}

// A Check is a check run.
type Check struct {
	Name        string
	Conclusion  string // "success", "neutral", "failure", …; "" while it runs
	Title       string
	Summary     string // Markdown
	Text        string // Markdown
	Annotations []Annotation
}

// An Annotation is a remark of a check run at a line of a file.
type Annotation struct {
	Path    string
	Line    int
	Level   string // "notice", "warning" or "failure"
	Title   string
	Message string
}

//go:embed *.html *.css
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"markdown": markdown,
	"rows":     rows,
	"style":    style,
}).ParseFS(files, "*.html"))

// WriteIndex writes the page that lists the repositories by name.
func WriteIndex(w io.Writer, repositories []string) error {
	return write(w, "index.html", repositories)
}

// WriteRepository writes the page of a repository.
func WriteRepository(w io.Writer, r Repository) error { return write(w, "repository.html", r) }

// WritePullRequest writes the page of a pull request.
func WritePullRequest(w io.Writer, p PullRequest) error { return write(w, "pull.html", p) }

func write(w io.Writer, name string, data any) error {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	_, err := w.Write(page.Bytes())
	return err
}

// Bodies may hold HTML, such as details; see [Policy].
var parser = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

func markdown(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := parser.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("rendering Markdown: %w", err)
	}
	return template.HTML(out.String()), nil
}

func style() (template.CSS, error) {
	src, err := files.ReadFile("style.css")
	return template.CSS(src), err
}

// Open reports whether the thread is shown unfolded.
func (t Thread) Open() bool { return !t.Resolved && !t.Outdated }

// Summary is what a folded thread shows of itself.
func (t Thread) Summary() string {
	state := "comment"
	if t.Resolved {
		state = "resolved"
	} else if t.Outdated {
		state = "outdated"
	}
	if len(t.Comments) == 0 {
		return state
	}
	first, _, _ := strings.Cut(t.Comments[0].Body, "\n")
	return state + ": " + first
}
