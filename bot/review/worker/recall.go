package worker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Remember lets the pool keep what its workers answer, and answer itself what
// it has kept. Call it before all others.
func (p *Pool) Remember(repository *memory.Repository) {
	if program() != "" { // else another program's answers could be taken for this one's
		p.memory = repository
	}
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

// recall answers a request about a tree from memory, else by a worker. The
// question is the request without the tree: the answer is the same for every
// tree that reads alike. tree is the field of the request.
func recall[T any](ctx context.Context, p *Pool, tree *TreeRef, r request) (T, error) {
	if p.memory == nil || tree.IsZero() {
		a, err := call[T](ctx, p, r)
		return a.Answer, err
	}
	var known T
	of := *tree
	*tree = TreeRef{}
	question, err := json.Marshal(asked{r, program()})
	*tree = of
	if err != nil {
		return known, fmt.Errorf("encoding a request: %w", err)
	}
	look, err := p.tree(of)
	if err != nil {
		return known, err
	}
	if text, ok := look.kept.Recall(question); ok && json.Unmarshal(text, &known) == nil {
		return known, nil
	}
	a, err := call[T](ctx, p, r)
	if err != nil || a.Reads == nil {
		return a.Answer, err
	}
	text, err := json.Marshal(a.Answer)
	if err != nil {
		return a.Answer, fmt.Errorf("keeping a worker's answer: %w", err)
	}
	p.memory.Keep(question, text, a.Reads)
	return a.Answer, nil
}

// asked is a request with the program that answers it.
type asked struct {
	request
	Program string `json:"program"`
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
