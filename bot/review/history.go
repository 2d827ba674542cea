package review

import (
	"context"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/fixes"
)

// lastChanges says who changed lines of the head last; nobody where the head
// is not in git.
func (r *run) lastChanges(ctx context.Context, lines fixes.Lines) fixes.Answer {
	answer, err := r.readHistory(ctx, lines)
	if err != nil {
		return fixes.Answer{Error: err.Error()}
	}
	return answer
}

func (r *run) readHistory(ctx context.Context, lines fixes.Lines) (answer fixes.Answer, err error) {
	if !r.history.opened {
		r.history.opened = true
		if r.history.of, err = openHistory(r.head.ref); err != nil {
			return answer, err
		}
	}
	if r.history.of == nil {
		return answer, nil
	}
	text, err := r.head.tree.ReadFile(lines.Path)
	if err != nil {
		return answer, err
	}
	made, err := r.history.of.LastChanges(ctx, lines.Path, text, mirror.Range{First: lines.First, Last: lines.Last}, fixes.LastChanges)
	for i, m := range made {
		answer.Commits[i] = fixes.Commit(m)
	}
	return answer, err
}

// A history is that of the head, opened when it is first asked for.
type history struct {
	opened bool
	of     *mirror.History // nil where the head is not in git
}

func openHistory(ref TreeRef) (*mirror.History, error) {
	if ref.Folder != "" {
		return mirror.OpenFolderHistory(ref.Folder)
	}
	return mirror.OpenHistory(ref.Repository, ref.Commit), nil
}
