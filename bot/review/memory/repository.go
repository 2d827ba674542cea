package memory

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kustodian/kustodian/rules/overlay"
)

// A Repository is what is kept of one repository: answers for all of its
// commits. It is safe for concurrent use.
type Repository struct {
	tenant, place string

	mu    sync.Mutex
	kept  kept
	file  fs.FileInfo // that kept was read from, nil for none
	fresh map[digest][]Answer
	trees []*overlay.Snapshot // that were asked about
	used  bool
}

// A digest stands for a question.
type digest [sha256.Size]byte

// An Answer is one answer to a question.
type Answer struct {
	Text []byte
	// Reads is what it depends on.
	Reads overlay.ReadSet
	// Took is how long it took to come to it, 0 where nobody knows.
	Took time.Duration
}

// kept is what a file holds. States of paths are told once: an answer names
// those that it depends on by their index.
type kept struct {
	Paths, States []string // beside each other
	// Stamps are what the files of a working folder were stamped with when they
	// had their states, beside them; zero for none.
	Stamps  []overlay.Stamp
	Answers map[digest][]answer
}

// answer is one answer to a question: it holds where all of its states do.
type answer struct {
	Reads []uint32 // in the order of their paths
	Text  []byte
	Took  time.Duration
}

// maxAnswers is how many answers to one question are kept, the latest first:
// those of the default branch, and of the pull requests that are open.
const maxAnswers = 8

// maxQuestions bounds a file. Beyond it, the file starts anew.
const maxQuestions = 100_000

// Open reads what is kept of the repository at a place, for a tenant. The
// error is of the file system; the Repository is of use all the same.
func (s *Store) Open(tenant, place string) (*Repository, error) {
	r := &Repository{tenant: tenant, place: place, fresh: map[digest][]Answer{}}
	if s == nil {
		return r, nil
	}
	if program() == "" {
		return r, errors.New("nothing is kept: this program cannot read its own file")
	}
	var err error
	r.kept, r.file, err = s.load(tenant, place)
	return r, err
}

// Keep keeps the answer to a question about a tree.
func (r *Repository) Keep(question []byte, a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := sha256.Sum256(question)
	r.fresh[asked] = append(r.fresh[asked], a)
}

// Took is how long the last answer to a question took that is kept from earlier
// jobs, whatever it depends on; 0 where nobody knows.
func (r *Repository) Took(question []byte) time.Duration {
	if answers := r.kept.Answers[sha256.Sum256(question)]; len(answers) > 0 {
		return answers[0].Took
	}
	return 0
}

// taken is what was kept anew, of which trees, and whether anything was of use.
func (r *Repository) taken() (fresh map[digest][]Answer, trees []*overlay.Snapshot, used bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.fresh), slices.Clone(r.trees), r.used
}

// recent are the answers to a question that this process was given.
func (r *Repository) recent(question digest) []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.fresh[question])
}

// A Tree is one tree of a [Repository].
type Tree struct {
	repository *Repository
	snapshot   *overlay.Snapshot

	mu    sync.Mutex
	holds []verdict // of the repository's states, by index
}

type verdict byte

const (
	unknown verdict = iota
	holds
	differs
)

// Beside returns what is kept, for one tree of the repository. The snapshot
// is only asked for the states of paths.
func (r *Repository) Beside(snapshot *overlay.Snapshot) *Tree {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trees = append(r.trees, snapshot)
	return &Tree{repository: r, snapshot: snapshot, holds: make([]verdict, len(r.kept.States))}
}

// Recall returns the answer to a question about the tree, if one is kept that
// depends on nothing that differs, and the paths that it depends on, sorted.
func (t *Tree) Recall(question []byte) (answer []byte, reads []string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	asked := sha256.Sum256(question)
	for _, a := range t.repository.recent(asked) {
		if states, err := t.snapshot.States(slices.Collect(maps.Keys(a.Reads))); err == nil && maps.Equal(states, a.Reads) {
			return a.Text, slices.Sorted(maps.Keys(a.Reads)), true
		}
	}
	kept := t.repository.kept
	for _, a := range kept.Answers[asked] {
		if !slices.ContainsFunc(a.Reads, func(i uint32) bool { return !t.held(kept, i) }) {
			t.repository.mu.Lock()
			t.repository.used = true
			t.repository.mu.Unlock()
			reads := make([]string, len(a.Reads))
			for n, i := range a.Reads {
				reads[n] = kept.Paths[i]
			}
			return a.Text, reads, true
		}
	}
	return nil, nil, false
}

// Nearest returns the answer to a question that depends on least that differs
// in the tree, with the part of its reads that holds; nil where none is kept.
func (t *Tree) Nearest(question []byte) (answer []byte, holds overlay.ReadSet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	asked := sha256.Sum256(question)
	consider := func(text []byte, same overlay.ReadSet) {
		if holds == nil || len(same) > len(holds) {
			answer, holds = text, same
		}
	}
	for _, a := range t.repository.recent(asked) {
		states, err := t.snapshot.States(slices.Collect(maps.Keys(a.Reads)))
		if err != nil {
			continue // nobody knows what holds
		}
		maps.DeleteFunc(states, func(p, state string) bool { return a.Reads[p] != state })
		consider(a.Text, states)
	}
	kept := t.repository.kept
	for _, a := range kept.Answers[asked] {
		same := make(overlay.ReadSet, len(a.Reads))
		for _, i := range a.Reads {
			if t.held(kept, i) {
				same[kept.Paths[i]] = kept.States[i]
			}
		}
		consider(a.Text, same)
	}
	return answer, holds
}

// held reports whether a path has the state in the tree that it had.
func (t *Tree) held(k kept, i uint32) bool {
	if t.holds[i] == unknown {
		t.holds[i] = differs
		if stamp, ok := t.snapshot.Stamp(k.Paths[i]); ok && stamp == k.Stamps[i] {
			t.holds[i] = holds
			return true
		}
		states, err := t.snapshot.States([]string{k.Paths[i]})
		if err == nil && states[k.Paths[i]] == k.States[i] { // one that cannot be read differs
			t.holds[i] = holds
		}
	}
	return t.holds[i] == holds
}

// with is k and fresh answers, those before the others to the same question.
func (k kept) with(fresh map[digest][]Answer) kept {
	if len(k.Answers)+len(fresh) > maxQuestions {
		k = kept{}
	}
	out := kept{Answers: make(map[digest][]answer, len(k.Answers))}
	index := map[[2]string]uint32{}
	state := func(path, state string) uint32 {
		i, known := index[[2]string{path, state}]
		if !known {
			i = uint32(len(out.Paths))
			index[[2]string{path, state}] = i
			out.Paths, out.States, out.Stamps = append(out.Paths, path), append(out.States, state), append(out.Stamps, overlay.Stamp{})
		}
		return i
	}
	add := func(question digest, a answer) {
		if old := out.Answers[question]; len(old) < maxAnswers && !slices.ContainsFunc(old, func(o answer) bool { return slices.Equal(o.Reads, a.Reads) }) {
			out.Answers[question] = append(old, a)
		}
	}
	for question, answers := range fresh {
		for _, f := range answers {
			reads := make([]uint32, 0, len(f.Reads))
			for _, p := range slices.Sorted(maps.Keys(f.Reads)) {
				reads = append(reads, state(p, f.Reads[p]))
			}
			add(question, answer{reads, f.Text, f.Took})
		}
	}
	for question, answers := range k.Answers {
		for _, a := range answers {
			reads := make([]uint32, len(a.Reads))
			for i, old := range a.Reads {
				reads[i] = state(k.Paths[old], k.States[old])
				out.Stamps[reads[i]] = k.Stamps[old]
			}
			add(question, answer{reads, a.Text, a.Took})
		}
	}
	return out
}

// stamp notes what files are stamped with that have their states in one of the
// trees.
func (k kept) stamp(trees []*overlay.Snapshot) {
	for i, p := range k.Paths {
		for _, tree := range trees {
			stamp, ok := tree.Stamp(p)
			if !ok || stamp == k.Stamps[i] {
				continue
			}
			if states, err := tree.States([]string{p}); err == nil && states[p] == k.States[i] {
				k.Stamps[i] = stamp
			}
		}
	}
}

// sound reports whether every index of k leads somewhere.
func (k kept) sound() bool {
	for _, answers := range k.Answers {
		for _, a := range answers {
			if slices.ContainsFunc(a.Reads, func(i uint32) bool { return int(i) >= len(k.Paths) }) {
				return false
			}
		}
	}
	return len(k.Paths) == len(k.States) && len(k.Paths) == len(k.Stamps)
}
