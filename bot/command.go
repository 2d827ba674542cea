package bot

import (
	"context"
	"fmt"
	"slices"
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
func (s *site) comment(ctx context.Context, number int, id int64) error {
	comments, err := s.repo.IssueComments(ctx, number)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(comments, func(c github.Comment) bool { return c.ID == id })
	if i < 0 || !isCommand(comments[i].Body) {
		return nil // deleted, or edited into something else
	}
	comment := comments[i]
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
	s.publisher.Audit.Requester = comment.Author
	if err := s.pull(ctx, number, true); err != nil {
		return err
	}
	return s.repo.React(ctx, id, "+1")
}
