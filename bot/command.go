package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kustodian/kustodian/bot/github"
)

// fixCommand is the one command that a comment can give.
const fixCommand = "/kustodian fix"

// isCommand reports whether the first line of a comment is the command.
func isCommand(body string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	return strings.Join(strings.Fields(first), " ") == fixCommand
}

// comment answers a comment that asks for fixes. Who asks must be able to
// write to the repository now: having opened the pull request gives no right.
func (s *site) comment(ctx context.Context, id int64) error {
	comment, number, err := s.repo.IssueComment(ctx, id)
	if errors.Is(err, github.ErrNotFound) || err == nil && !isCommand(comment.Body) {
		return nil // deleted, or edited into something else
	}
	if err != nil {
		return err
	}
	permission, err := s.repo.Permission(ctx, comment.Author)
	if err != nil {
		return fmt.Errorf("what %s may do: %w", comment.Author, err)
	}
	if permission != "admin" && permission != "write" {
		return s.repo.React(ctx, id, "-1")
	}
	if err := s.repo.React(ctx, id, "eyes"); err != nil {
		return err
	}
	ctx = github.WithAudit(ctx, github.Audit{Requester: comment.Author})
	if err := s.pull(ctx, number, true); err != nil {
		return err
	}
	return s.repo.React(ctx, id, "+1")
}
