package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// mostLooked bounds how many commits a question about lines looks at: what
// nobody touched for so long, nobody's program writes.
const mostLooked = 1000

// longestSubject is how many bytes of a message's first line are kept.
const longestSubject = 200

// A Signature is who made a commit, and what its message begins with.
type Signature struct {
	Author, AuthorMail       string
	Committer, CommitterMail string
	Subject                  string // the first line of the message
}

// A History tells who changed lines of files. It is for one goroutine, and
// keeps what it read of commits, so that many questions cost little more than
// one.
type History struct {
	store   storer.EncodedObjectStorer
	head    plumbing.Hash
	commits map[plumbing.Hash]*object.Commit
	entries map[treeStep]plumbing.Hash
}

// A treeStep is a name in a tree object.
type treeStep struct {
	tree plumbing.Hash
	name string
}

// OpenHistory opens the history of a commit, which it names as [OpenCommit] does.
func OpenHistory(path, commit string) *History {
	return historyOf(openStore(osfs.New(path)), plumbing.NewHash(commit))
}

// OpenFolderHistory opens the history of the work tree whose root is dir; nil
// where that is the root of none, or of one without a commit.
func OpenFolderHistory(dir string) (*History, error) {
	root, isGit, err := Root(dir)
	if err != nil || !isGit {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil || dir != root {
		return nil, err
	}
	w, err := openWork(dir)
	if err != nil {
		return nil, err
	}
	head, err := w.resolve("HEAD")
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return historyOf(w.repository.Storer, head), nil
}

func historyOf(store storer.EncodedObjectStorer, head plumbing.Hash) *History {
	return &History{store: store, head: head, commits: map[plumbing.Hash]*object.Commit{}, entries: map[treeStep]plumbing.Hash{}}
}

// LastChanges returns who made the last commits, at most most of them, that
// changed one of the lines of a file, the latest first. text is the file as
// the lines are counted in it, which a work tree may have changed since. A
// merge counts where none of its sides has the lines as it has them. A shallow
// clone ends where its history does.
func (h *History) LastChanges(ctx context.Context, file string, text []byte, lines Range, most int) ([]Signature, error) {
	var out []Signature
	at, err := h.commit(h.head)
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", file, err)
	}
	now, err := h.file(at, file)
	if err != nil {
		return nil, fmt.Errorf("reading %s at %s: %w", file, at.Hash, err)
	}
	was, err := h.text(now)
	if err != nil {
		return nil, fmt.Errorf("reading %s at %s: %w", file, at.Hash, err)
	}
	// What is not committed is nobody's yet.
	lines, _ = before(was, text, lines)
	text = was
	for range mostLooked {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if lines.Last < lines.First || len(out) == most {
			break
		}
		step, err := h.back(at, file, now, text, lines)
		if err != nil {
			return nil, fmt.Errorf("reading the history of %s at %s: %w", file, at.Hash, err)
		}
		if step.changed {
			out = append(out, signature(at))
		}
		if step.at == nil {
			break
		}
		at, now, text, lines = step.at, step.file, step.text, step.lines
	}
	return out, nil
}

// A step back goes from a commit to one of its parents.
type step struct {
	at      *object.Commit // nil where the lines begin
	file    plumbing.Hash
	text    []byte
	lines   Range
	changed bool // the commit changed the lines
}

// back goes to the parent that has the lines as the commit has them, or else
// to the first, with the lines as that has them.
func (h *History) back(at *object.Commit, file string, now plumbing.Hash, text []byte, lines Range) (step, error) {
	first := step{changed: true}
	for i, hash := range at.ParentHashes {
		parent, err := h.commit(hash)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return step{}, nil // the clone is shallow
		}
		if err != nil {
			return step{}, err
		}
		was, err := h.file(parent, file)
		if err != nil {
			return step{}, err
		}
		if was == now {
			return step{at: parent, file: was, text: text, lines: lines}, nil
		}
		old, err := h.text(was)
		if err != nil {
			return step{}, err
		}
		moved, changed := before(old, text, lines)
		next := step{at: parent, file: was, text: old, lines: moved, changed: changed}
		if !changed {
			return next, nil
		}
		if i == 0 {
			first = next
		}
	}
	return first, nil
}

func signature(c *object.Commit) Signature {
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Message), "\n")
	subject = subject[:min(len(subject), longestSubject)]
	return Signature{c.Author.Name, c.Author.Email, c.Committer.Name, c.Committer.Email, subject}
}

func (h *History) commit(hash plumbing.Hash) (*object.Commit, error) {
	if c, ok := h.commits[hash]; ok {
		return c, nil
	}
	c, err := object.GetCommit(h.store, hash)
	if err == nil {
		h.commits[hash] = c
	}
	return c, err
}

// file is the blob of a file in a commit, zero where there is none.
func (h *History) file(c *object.Commit, file string) (plumbing.Hash, error) {
	at := c.TreeHash
	for name := range strings.SplitSeq(file, "/") {
		next, known := h.entries[treeStep{at, name}]
		if !known {
			tree, err := object.GetTree(h.store, at)
			if err != nil {
				return plumbing.ZeroHash, err
			}
			for _, e := range tree.Entries {
				if e.Name == name {
					next = e.Hash
				}
			}
			h.entries[treeStep{at, name}] = next
		}
		if at = next; at.IsZero() {
			break
		}
	}
	return at, nil
}

// text is a blob's, nil of the zero hash and of what is no blob.
func (h *History) text(hash plumbing.Hash) ([]byte, error) {
	if hash.IsZero() {
		return nil, nil
	}
	blob, err := object.GetBlob(h.store, hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, nil // a folder, a submodule
	}
	if err != nil {
		return nil, err
	}
	reader, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	text, err := readAll("read", hash.String(), reader)
	return text, errors.Join(err, reader.Close())
}

// before is where the lines of a text stood in an older one, and whether any
// of them differs there. Lines that are new stood nowhere: the range is empty.
func before(old, now []byte, lines Range) (was Range, changed bool) {
	was = lines
	shift := 0 // how many lines more the newer text has up to here
	for _, edit := range udiff.Lines(string(old), string(now)) {
		taken, put := countLines(string(old[edit.Start:edit.End])), countLines(edit.New)
		from := Range{First: bytes.Count(old[:edit.Start], []byte("\n")) + 1}
		from.Last = from.First + taken - 1
		to := Range{First: from.First + shift, Last: from.First + shift + put - 1}
		shift += put - taken
		switch {
		case to.First > lines.Last:
			return was, changed
		case to.Last < lines.First && to.First <= lines.First:
			was = Range{lines.First - shift, lines.Last - shift}
			continue
		}
		changed = true
		if to.First <= lines.First {
			was.First = from.First
		}
		if was.Last = lines.Last - shift; to.Last >= lines.Last {
			was.Last = from.Last
		}
	}
	return was, changed
}

// countLines counts the last line too where it has no break.
func countLines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}
