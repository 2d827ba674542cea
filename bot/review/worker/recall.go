package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Remember lets the pool keep what its workers answer, and answer itself what
// it has kept. Call it before all others.
func (p *Pool) Remember(repository *memory.Repository) {
	p.memory = repository
}

// Folders lists the folders of a tree that hold a kustomization, sorted. The
// pool itself looks at the names of the tree, and nothing else.
func (p *Pool) Folders(ctx context.Context, tree TreeRef, options overlay.Options) ([]string, error) {
	known, err := p.tree(tree)
	if err != nil {
		return nil, err
	}
	return known.snapshot.With(options).Folders(ctx)
}

// An asking is a request about a tree with its question.
type asking struct {
	tree     TreeRef
	question []byte
	request  request
}

// recall answers a request about a tree from memory, else by a worker, and says
// which paths the answer depends on, sorted.
func recall[T any](ctx context.Context, p *Pool, r asking) (T, []string, error) {
	if a, reads, ok, err := known[T](p, r); ok || err != nil {
		return a, reads, err
	}
	a, err := call[T](ctx, p, r.request)
	return learn(p, r, a, err)
}

// known is what memory answers.
func known[T any](p *Pool, r asking) (a T, reads []string, ok bool, err error) {
	if p.memory == nil || r.tree.IsZero() {
		return a, nil, false, nil
	}
	look, err := p.tree(r.tree)
	if err != nil {
		return a, nil, false, err
	}
	text, reads, ok := look.kept.Recall(r.question)
	return a, reads, ok && json.Unmarshal(text, &a) == nil, nil
}

// learn keeps what a worker answers.
func learn[T any](p *Pool, r asking, a answer[T], err error) (T, []string, error) {
	reads := slices.Sorted(maps.Keys(a.Reads))
	if err != nil || a.Reads == nil || p.memory == nil || r.tree.IsZero() {
		return a.Answer, reads, err
	}
	text, err := json.Marshal(a.Answer)
	if err != nil {
		return a.Answer, nil, fmt.Errorf("keeping a worker's answer: %w", err)
	}
	p.memory.Keep(r.question, memory.Answer{Text: text, Reads: a.Reads, Took: a.Took})
	return a.Answer, reads, nil
}

// question is a request without its tree: the answer is the same for every tree
// that reads alike. about is what only this request is about, rest all else.
func (p *Pool) question(call, about string, rest any) ([]byte, error) {
	text, err := p.rest(call, rest)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return fmt.Appendf(nil, "%s %q %s", call, about, text), nil
}

// apart are overlays without what they read, and the hash of that: it is most
// of them, and dear to encode.
func apart(overlays []overlay.Overlay) (bare []overlay.Overlay, reads string) {
	sum := sha256.New()
	bare = slices.Clone(overlays)
	for i, o := range bare {
		fmt.Fprintf(sum, "%d\x00", len(o.Reads))
		for _, read := range o.Reads {
			io.WriteString(sum, read) //nolint:errcheck // a hash takes all
			sum.Write([]byte{0})
		}
		bare[i].Reads = nil
	}
	return bare, hex.EncodeToString(sum.Sum(nil))
}

// said is what was last encoded.
type said struct {
	value any
	text  []byte
}

// rest encodes what the requests of one call share, most often once for all of
// them.
func (p *Pool) rest(call string, value any) ([]byte, error) {
	p.saying.Lock()
	defer p.saying.Unlock()
	if last, ok := p.said[call]; ok && reflect.DeepEqual(last.value, value) {
		return last.text, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	if p.said == nil {
		p.said = map[string]said{}
	}
	p.said[call] = said{value, text}
	return text, nil
}

// A look is a tree as the pool itself sees it: names, links and hashes.
type look struct {
	snapshot *overlay.Snapshot
	kept     *memory.Tree // nil where nothing is remembered
}

// tree opens a tree, once.
func (p *Pool) tree(ref TreeRef) (*look, error) {
	p.looking.Lock()
	defer p.looking.Unlock()
	if known, ok := p.looks[ref]; ok {
		return known, nil
	}
	tree, err := ref.Open()
	if err != nil {
		return nil, err
	}
	known := &look{snapshot: overlay.Open(tree, overlay.Options{})}
	if p.memory != nil {
		known.kept = p.memory.Beside(known.snapshot)
	}
	if p.looks == nil {
		p.looks = map[TreeRef]*look{}
	}
	p.looks[ref] = known
	return known, nil
}
