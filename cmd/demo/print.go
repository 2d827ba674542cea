package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/bot/githubtest"
)

// print prints what GitHub's side holds of the review and its fixes.
func (p *play) print(w io.Writer) error {
	pull, err := p.repo.PullRequest(p.number)
	if err != nil {
		return err
	}
	for _, run := range p.repo.CheckRuns(pull.Head.SHA) {
		fmt.Fprintf(w, "\nCheck run %s: %s, %s\n", run.Name, run.Conclusion, run.Title)
	}
	for _, thread := range pull.Threads {
		fmt.Fprintf(w, "\n%s\n%s\n", where(thread), indent(plain(thread.Comments[0].Body)))
	}
	for _, fix := range p.fixes() {
		diff, err := p.repo.Diff(fix.Number)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\nFix pull request #%d: %s (%s into %s)\n", fix.Number, fix.Title, fix.Head.Ref, fix.Base.Ref)
		for _, file := range diff.Files {
			fmt.Fprintf(w, "%s\n%s\n", indent(file.Path), indent(file.Patch))
		}
	}
	return nil
}

// fixes are the open pull requests that the bot opened.
func (p *play) fixes() []*githubtest.PullRequest {
	var out []*githubtest.PullRequest
	for _, pull := range p.repo.PullRequests() {
		if pull.State == "open" && strings.HasPrefix(pull.Head.Ref, "kustodian/") {
			out = append(out, pull)
		}
	}
	return out
}

// where is the place of a thread, as path:line or path:first-last.
func where(t *githubtest.Thread) string {
	switch {
	case t.Line == 0:
		return t.Path
	case t.StartLine != 0 && t.StartLine != t.Line:
		return fmt.Sprintf("%s:%d-%d", t.Path, t.StartLine, t.Line)
	}
	return fmt.Sprintf("%s:%d", t.Path, t.Line)
}

var (
	link       = regexp.MustCompile(`\[([^\]]*)\]\(http[^)]*\)`)
	blankLines = regexp.MustCompile(`\n\s*\n`)
)

var hidden = regexp.MustCompile(`(?s)<!--.*?-->|</?(sub|details|summary)>`)

// plain is Markdown without what a reader does not see.
func plain(body string) string {
	body = strings.NewReplacer("**", "", `\_`, "_", `\*`, "*").Replace(hidden.ReplaceAllString(body, ""))
	return strings.TrimSpace(blankLines.ReplaceAllString(link.ReplaceAllString(body, "$1"), "\n"))
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
