package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// A Thread is a conversation at a line or a file of the diff.
type Thread struct {
	ID        string // for [Repository.ResolveThread]
	Resolved  bool
	Path      string
	Line      int       // 0 for one on the file, or outdated
	StartLine int       // 0 where it is about one line
	Comments  []Comment // the first is what it is about; at most 100
}

// threadPage is the answer to threads.graphql.
type threadPage struct {
	Repository struct {
		PullRequest struct {
			ReviewThreads struct {
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
				Nodes []threadNode
			}
		}
	}
}

type threadNode struct {
	ID              string
	IsResolved      bool
	Path            string
	Line, StartLine int
	Comments        struct {
		Nodes []struct {
			FullDatabaseID json.Number // a string in JSON: it may not fit a float
			Body           string
			Author         struct {
				Typename string `json:"__typename"`
				Login    string
			}
		}
	}
}

// Threads lists the review threads of a pull request, in the order they were made.
func (r *Repository) Threads(ctx context.Context, number int) ([]Thread, error) {
	call := "listing the review threads of " + r.pull(number)
	variables := map[string]any{"owner": r.owner, "name": r.name, "number": number}
	var threads []Thread
	for {
		var page threadPage
		if err := r.graphql(ctx, reading, call, "threads", variables, &page); err != nil {
			return nil, err
		}
		found := page.Repository.PullRequest.ReviewThreads
		for _, node := range found.Nodes {
			thread, err := node.thread()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", call, err)
			}
			threads = append(threads, thread)
		}
		if !found.PageInfo.HasNextPage {
			return threads, nil
		}
		variables["after"] = found.PageInfo.EndCursor
	}
}

func (n threadNode) thread() (Thread, error) {
	t := Thread{ID: n.ID, Resolved: n.IsResolved, Path: n.Path, Line: n.Line, StartLine: n.StartLine}
	for _, c := range n.Comments.Nodes {
		id, err := c.FullDatabaseID.Int64()
		if err != nil {
			return Thread{}, fmt.Errorf("id of a comment: %w", err)
		}
		comment := Comment{ID: id, Author: c.Author.Login, Body: c.Body}
		// REST calls the same bot "kustodian[bot]".
		if c.Author.Typename == "Bot" && !strings.HasSuffix(comment.Author, "[bot]") {
			comment.Author += "[bot]"
		}
		t.Comments = append(t.Comments, comment)
	}
	return t, nil
}

// ResolveThread marks a thread as resolved. GitHub asks for the right to write
// contents: in [Report] mode it is [ErrForbidden].
func (r *Repository) ResolveThread(ctx context.Context, thread string) error {
	return r.setThread(ctx, "resolve", thread)
}

// UnresolveThread opens a thread again; else as ResolveThread.
func (r *Repository) UnresolveThread(ctx context.Context, thread string) error {
	return r.setThread(ctx, "unresolve", thread)
}

func (r *Repository) setThread(ctx context.Context, document, thread string) error {
	var answer json.RawMessage // nothing of it is needed
	call := fmt.Sprintf("%s a thread of %s", strings.TrimSuffix(document, "e")+"ing", r)
	return r.graphql(ctx, writing, call, document, map[string]any{"thread": thread}, &answer)
}
