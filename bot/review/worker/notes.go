package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A Note asks what the texts of files say to rules. A file that cannot be read
// says nothing.
type Note struct {
	Tree  TreeRef  `json:"tree"`
	Files []string `json:"files"`
}

// A NoteAnswer is what files say, those that say nothing left out.
type NoteAnswer struct {
	Notes []rules.Note `json:"notes"`
}

func (s *server) note(r Note) (answer NoteAnswer, err error) {
	snapshot, err := s.snapshot(r.Tree, overlay.Options{})
	if err != nil {
		return answer, err
	}
	for _, file := range r.Files {
		text, err := snapshot.ReadFile(file)
		if err != nil {
			continue // the overlay that reads it says so
		}
		if note, ok := rules.NoteFile(file, text); ok {
			answer.Notes = append(answer.Notes, note)
		}
	}
	return answer, nil
}

// YAMLFiles lists the YAML files of a tree, sorted. The pool itself looks at
// the names of the tree, and nothing else.
func (p *Pool) YAMLFiles(ctx context.Context, tree TreeRef) ([]string, error) {
	known, err := p.tree(tree)
	if err != nil {
		return nil, err
	}
	return known.snapshot.YAMLFiles(ctx)
}

// Notes asks what the texts of files say to rules, and returns it by path. Where
// most of the files are remembered, workers are only asked about the others.
func (p *Pool) Notes(ctx context.Context, tree TreeRef, files []string) ([]rules.Note, error) {
	question, err := p.question("note", "", nil)
	if err != nil {
		return nil, err
	}
	notes, holds, err := p.lastNotes(tree, question)
	if err != nil {
		return nil, err
	}
	inTree := map[string]bool{}
	var unknown []string
	for _, file := range files {
		inTree[file] = true
		if _, ok := holds[file]; !ok {
			unknown = append(unknown, file)
		}
	}
	notes = slices.DeleteFunc(notes, func(n rules.Note) bool { _, ok := holds[n.Path]; return !ok || !inTree[n.Path] })
	maps.DeleteFunc(holds, func(file, _ string) bool { return !inTree[file] })
	if len(unknown) > 0 {
		more, reads, err := p.askNotes(ctx, tree, unknown)
		if err != nil {
			return nil, err
		}
		notes = append(notes, more...)
		maps.Copy(holds, reads)
	}
	slices.SortFunc(notes, func(a, b rules.Note) int { return strings.Compare(a.Path, b.Path) })
	if len(unknown) > 0 && p.memory != nil {
		text, err := json.Marshal(NoteAnswer{notes})
		if err != nil {
			return nil, fmt.Errorf("keeping notes: %w", err)
		}
		p.memory.Keep(question, memory.Answer{Text: text, Reads: holds})
	}
	return notes, nil
}

// lastNotes are the notes that are kept of a tree most like this one, with the
// files that still read as they did.
func (p *Pool) lastNotes(tree TreeRef, question []byte) ([]rules.Note, overlay.ReadSet, error) {
	if p.memory == nil {
		return nil, overlay.ReadSet{}, nil
	}
	look, err := p.tree(tree)
	if err != nil {
		return nil, nil, err
	}
	text, holds := look.kept.Nearest(question)
	var known NoteAnswer
	if holds == nil || json.Unmarshal(text, &known) != nil {
		return nil, overlay.ReadSet{}, nil
	}
	return known.Notes, holds, nil
}

// mostNoted is how many files one call asks about, and fewNoted how many are
// not worth a second worker.
const mostNoted, fewNoted = 1000, 100

// askNotes asks workers about files, and returns the files' states too.
func (p *Pool) askNotes(ctx context.Context, tree TreeRef, files []string) ([]rules.Note, overlay.ReadSet, error) {
	size := min(max(fewNoted, (len(files)+p.size-1)/p.size), mostNoted)
	parts := slices.Collect(slices.Chunk(files, size))
	answers := make([]answer[NoteAnswer], len(parts))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(p.size)
	for i, part := range parts {
		group.Go(func() (err error) {
			answers[i], err = call[NoteAnswer](groupCtx, p, request{Note: &Note{Tree: tree, Files: part}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	var notes []rules.Note
	reads := overlay.ReadSet{}
	for i, a := range answers {
		notes = append(notes, a.Answer.Notes...)
		for _, file := range parts[i] {
			if state, ok := a.Reads[file]; ok {
				reads[file] = state
			}
		}
	}
	return notes, reads, nil
}
